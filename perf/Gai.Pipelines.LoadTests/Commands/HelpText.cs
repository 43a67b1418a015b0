using Gai.Pipelines.LoadTests.Servers;

namespace Gai.Pipelines.LoadTests.Commands;

/// <summary>What <c>--help</c> says beyond the commands.</summary>
internal static class HelpText
{
    /// <summary>What the program does, which servers there are and which options they take.</summary>
    public static string Description { get; } = string.Join(
        Environment.NewLine,
        [
            "Measures servers that stream events, side by side: each in a process of its own, new in every round, warmed up, by turns A B A B.",
            "The client checks every event: none lost, none doubled, in order.",
            string.Empty,
            "Servers (--servers A,B,...; the first is set against the others):",
            .. Contenders.All.Select(static contender => $"  {contender.Name,-12}{contender.Does}"),
            string.Empty,
            "Options of a server (A+option+option=value):",
            .. ContenderSpec.Options.Select(static option => $"  {option.Name,-30}{Who(option)}{option.Does}"),
        ]);

    private static string Who(ContenderOption option)
    {
        string[] others = [.. Contenders.All.Select(static contender => contender.Name).Except(option.Servers)];
        return others.Length switch
        {
            0 => string.Empty,
            1 => $"not {others[0]}: ",
            _ => $"{string.Join(", ", option.Servers)}: ",
        };
    }
}
