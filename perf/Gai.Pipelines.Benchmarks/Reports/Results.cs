using System.Globalization;
using System.Text.Json;

namespace Gai.Pipelines.Benchmarks.Reports;

/// <summary>Reads what the runs of one verb have left in a report folder.</summary>
internal sealed class Results
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly List<Measurement> _measurements = [];

    private Results(string folder, RunInfo info)
    {
        Folder = folder;
        Info = info;
    }

    public string Folder { get; }

    public RunInfo Info { get; }

    public IReadOnlyList<Measurement> Measurements => _measurements;

    public int Rounds => _measurements.Max(measurement => measurement.Round);

    /// <summary>Reads the newest results of a verb, or those in the folder that is named.</summary>
    public static Results? Newest(string name, string? folder) =>
        NewestRun(name, folder, run => JsonSerializer.Deserialize<RunInfo>(run)!, info => info) is var (info, found) ? Read(name, info, found) : null;

    /// <summary>Reads the newest file that a verb leaves when it has run, and says in which folder it is.</summary>
    public static (T Run, string Folder)? NewestRun<T>(string name, string? folder, Func<string, T> read, Func<T, RunInfo> info)
    {
        if (!Directory.Exists(Repository.Reports))
        {
            return null;
        }

        var runs = Directory.EnumerateFiles(Repository.Reports, $"{name}.run.json", SearchOption.AllDirectories)
            .Select(file => (Run: read(File.ReadAllText(file)), Folder: Path.GetDirectoryName(file)!))
            .Where(run => folder is null || Path.GetFileName(run.Folder) == folder)
            .OrderBy(run => info(run.Run).Time)
            .ToList();
        return runs.Count == 0 ? null : runs[^1];
    }

    public static void Write<T>(string file, T value) => File.WriteAllText(file, JsonSerializer.Serialize(value, Indented) + "\n");

    private static Results Read(string name, RunInfo info, string folder)
    {
        var results = new Results(Path.GetFileName(folder), info);
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
internal sealed record Measurement(int Round, string Type, string Method, string Parameters, double Nanoseconds, long AllocatedBytes);
