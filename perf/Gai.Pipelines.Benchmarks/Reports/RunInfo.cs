using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Gai.Pipelines.Benchmarks.Reports;

/// <summary>What was measured, where and when; stands beside every result.</summary>
internal sealed record RunInfo(DateTimeOffset Time, string Commit, string Machine, string OperatingSystem, string Runtime)
{
    [JsonIgnore]
    public string Date => Time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    [JsonIgnore]
    public string FolderName => $"{Date}-{Commit.TrimEnd('+')}";

    public static RunInfo Now() => new(
        DateTimeOffset.UtcNow,
        Repository.Commit(),
        $"{Processor()}, {Environment.ProcessorCount} logical cores",
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription);

    private static string Processor()
    {
        const string Info = "/proc/cpuinfo";
        string? line = File.Exists(Info) ? File.ReadLines(Info).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
