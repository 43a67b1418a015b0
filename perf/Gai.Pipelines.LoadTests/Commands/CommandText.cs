using System.CommandLine;

namespace Gai.Pipelines.LoadTests.Commands;

/// <summary>Says how to run something again.</summary>
internal static class CommandText
{
    /// <summary>What starts this program.</summary>
    public const string Program = "dotnet run -c Release --project perf/Gai.Pipelines.LoadTests --";

    /// <summary>The command that was given.</summary>
    public static string Of(ParseResult parsed) => $"{Program} {string.Join(' ', parsed.Tokens.Select(static token => token.Value))}";
}
