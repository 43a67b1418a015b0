using System.Text.Json;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>The newest report of each case, or those of one folder.</summary>
internal sealed class ReportSet
{
    private const string Prefix = "load.";
    private const string Suffix = ".run.json";

    private readonly Dictionary<string, StoredReport> _reports = new(StringComparer.Ordinal);

    private ReportSet(BenchmarkResults? claims) => Claims = claims;

    /// <summary>What the benchmarks have measured inside a process.</summary>
    public BenchmarkResults? Claims { get; }

    /// <summary>All of them, in the order of <see cref="Cases"/>.</summary>
    public IReadOnlyList<StoredReport> All =>
    [
        .. Cases.All.Select(load => _reports.GetValueOrDefault(load.Name)).OfType<StoredReport>(),
        .. _reports.Values.Where(static stored => !Cases.All.Any(load => load.Name == stored.Report.Case.Name)).OrderBy(static stored => stored.Report.Case.Name, StringComparer.Ordinal),
    ];

    /// <summary>Where a report of a case belongs.</summary>
    public static string FileOf(string folder, string name) => Path.Combine(folder, $"{Prefix}{name}{Suffix}");

    /// <summary>Reads what is in a folder.</summary>
    /// <param name="folder">A path, or the name of a folder of <c>perf/reports</c>; <see langword="null"/> looks in all of these.</param>
    /// <exception cref="ArgumentException">There is no such folder, or it has no reports of this program.</exception>
    public static ReportSet Read(string? folder)
    {
        string path = folder is null ? Repository.Reports : Directory.Exists(folder) ? folder : Path.Combine(Repository.Reports, folder);
        var set = new ReportSet(BenchmarkResults.Newest("claims", folder is null ? null : Path.GetFileName(Path.TrimEndingDirectorySeparator(path))));
        foreach (string file in Directory.Exists(path) ? Directory.EnumerateFiles(path, $"{Prefix}*{Suffix}", SearchOption.AllDirectories) : [])
        {
            LoadReport report = JsonSerializer.Deserialize<LoadReport>(File.ReadAllText(file))!;
            if (set._reports.GetValueOrDefault(report.Case.Name) is not { } other || other.Report.Info.Time < report.Info.Time)
            {
                set._reports[report.Case.Name] = new StoredReport(report, Path.GetDirectoryName(Path.GetFullPath(file))!);
            }
        }

        return set._reports.Count > 0 ? set : throw new ArgumentException($"There is no {Prefix}*{Suffix} in {path}; run `compare` first.");
    }

    /// <summary>Finds the report of a case.</summary>
    public LoadReport? Find(string name) => _reports.GetValueOrDefault(name)?.Report;
}

/// <summary>A report and the folder that it is in.</summary>
internal sealed record StoredReport(LoadReport Report, string Folder);
