using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Gai.Pipelines.Perf;

/// <summary>What was measured, where and when; stands beside every result.</summary>
public sealed record RunInfo(DateTimeOffset Time, string Commit, string Machine, string OperatingSystem, string Runtime)
{
    /// <summary>The day.</summary>
    [JsonIgnore]
    public string Date => Time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The folder of <see cref="Repository.Reports"/> that the results belong into.</summary>
    [JsonIgnore]
    public string FolderName => $"{Date}-{Commit.TrimEnd('+')}";

    /// <summary>Describes what runs here and now.</summary>
    public static RunInfo Now() => new(
        DateTimeOffset.UtcNow,
        Repository.Commit(),
        $"{Processor()}, {Environment.ProcessorCount} logical cores",
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription);

    /// <summary>Says in one paragraph where figures come from.</summary>
    /// <param name="folder">The folder with the results.</param>
    /// <param name="repeat">The command that measures them again.</param>
    public string Origin(string folder, string repeat) =>
        $"Commit `{Commit.TrimEnd('+')}`{(Commit.EndsWith('+') ? " with changes that are not in it" : string.Empty)}, {Date}, " +
        $"{Machine}, {OperatingSystem}, {Runtime}. Results: `perf/reports/{folder}`. Repeat: `{repeat}`.\n";

    private static string Processor()
    {
        const string Info = "/proc/cpuinfo";
        string? line = File.Exists(Info) ? File.ReadLines(Info).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
