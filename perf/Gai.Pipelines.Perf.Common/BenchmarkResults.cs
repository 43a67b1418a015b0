using System.Globalization;
using System.Text.Json;

namespace Gai.Pipelines.Perf;

/// <summary>Reads what BenchmarkDotNet has left in a report folder in the runs of one verb.</summary>
public sealed class BenchmarkResults
{
    private readonly List<Measurement> _measurements = [];

    private BenchmarkResults(string folder, RunInfo info)
    {
        Folder = folder;
        Info = info;
    }

    /// <summary>The name of the report folder.</summary>
    public string Folder { get; }

    /// <summary>Where it was measured.</summary>
    public RunInfo Info { get; }

    /// <summary>All benchmarks of all rounds.</summary>
    public IReadOnlyList<Measurement> Measurements => _measurements;

    /// <summary>How many rounds there were.</summary>
    public int Rounds => _measurements.Max(measurement => measurement.Round);

    /// <summary>Reads the newest results of a verb, or those in the folder that is named.</summary>
    public static BenchmarkResults? Newest(string name, string? folder) =>
        ReportFiles.NewestRun(name, folder, run => JsonSerializer.Deserialize<RunInfo>(run)!, info => info) is var (info, found) ? Read(name, info, found) : null;

    private static BenchmarkResults Read(string name, RunInfo info, string folder)
    {
        var results = new BenchmarkResults(Path.GetFileName(folder), info);
        foreach (string file in Directory.EnumerateFiles(folder, $"{name}.*.*.json").Order(StringComparer.Ordinal))
        {
            // <verb>.<class>.<round>.json
            int round = int.Parse(Path.GetFileName(file).Split('.')[^2], CultureInfo.InvariantCulture);
            using JsonDocument json = JsonDocument.Parse(File.ReadAllText(file));
            foreach (JsonElement benchmark in json.RootElement.GetProperty("Benchmarks").EnumerateArray())
            {
                results._measurements.Add(new Measurement(
                    round,
                    benchmark.GetProperty("Type").GetString()!,
                    benchmark.GetProperty("Method").GetString()!,
                    benchmark.GetProperty("Parameters").GetString()!,
                    benchmark.GetProperty("Statistics").GetProperty("Median").GetDouble(),
                    benchmark.GetProperty("Memory").GetProperty("BytesAllocatedPerOperation").GetInt64()));
            }
        }

        return results;
    }
}

/// <summary>One benchmark of one round.</summary>
public sealed record Measurement(int Round, string Type, string Method, string Parameters, double Nanoseconds, long AllocatedBytes);
