using System.Globalization;
using System.Text;
using Gai.Pipelines.Benchmarks.Compression;
using Gai.Pipelines.Benchmarks.Gateway;
using Gai.Pipelines.Benchmarks.PostgreSql;
using Gai.Pipelines.Benchmarks.Ticks;

namespace Gai.Pipelines.Benchmarks.Reports;

/// <summary>Writes the tables of PERFORMANCE.md from the newest reports, each between its markers.</summary>
internal static class ReportVerb
{
    public const string ClaimsRun = "claims";
    public const string CasesRun = "cases";
    public const string TicksRun = "ticks";
    public const string GatewayRun = "gateway";
    public const string CompressionRun = "compression";
    public const string PostgreSqlRun = "postgresql";

    public static int Run(string? folder)
    {
        var file = new PerformanceFile();
        if (BenchmarkResults.Newest(ClaimsRun, folder) is { } claims)
        {
            file.Replace("claims", ClaimsTable(claims));
        }

        if (BenchmarkResults.Newest(CasesRun, folder) is { } cases)
        {
            file.Replace("cases", CasesTable(cases));
        }

        if (TicksReport.Newest(folder) is { } ticks)
        {
            file.Replace("ticks-heap", ticks.Table());
        }

        if (GatewayReport.Newest(folder) is { } gateway)
        {
            file.Replace("gateway", gateway.Table());
        }

        if (CompressionReport.Newest(folder) is { } compression)
        {
            file.Replace("compression", compression.Table());
        }

        if (PostgreSqlReport.Newest(folder) is { } postgreSql)
        {
            file.Replace("postgresql", postgreSql.Table());
        }

        file.Save();
        return 0;
    }

    /// <summary>Says where figures come from.</summary>
    public static string Origin(RunInfo info, string folder, string command) => info.Origin(folder, $"{Program} -- {command}");

    private const string Program = "dotnet run -c Release --project perf/Gai.Pipelines.Benchmarks";

    private static string ClaimsTable(BenchmarkResults results)
    {
        var table = new StringBuilder();
        table.AppendLine("| claim | target | measured | medians | benchmark | reached |");
        table.AppendLine("|---|---|---|---|---|---|");
        foreach (Claim claim in Claims.All)
        {
            Verdict verdict = claim.Judge(results);
            string reached = verdict.Reached ? "yes" : "**no**";
            table.AppendLine(CultureInfo.InvariantCulture, $"| {claim.Text} | {claim.Target} | {verdict.Measured} | {verdict.Medians} | {verdict.Benchmark} | {reached} |");
        }

        table.AppendLine();
        table.AppendLine(CultureInfo.InvariantCulture, $"Median ratio of {results.Rounds} rounds, in brackets the least and the greatest; the medians are those of the round in the middle.");
        table.Append(Origin(results.Info, results.Folder, ClaimsRun));
        return table.ToString();
    }

    private static string CasesTable(BenchmarkResults results)
    {
        var table = new StringBuilder();
        table.AppendLine("| benchmark | case | median | of its baseline | allocated |");
        table.AppendLine("|---|---|---|---|---|");
        foreach (Measurement found in results.Measurements.Where(measurement => measurement.Round == 1))
        {
            string parameters = found.Parameters[(found.Parameters.IndexOf('=', StringComparison.Ordinal) + 1)..];
            table.AppendLine(CultureInfo.InvariantCulture, $"| `{found.Type}.{found.Method}` | {parameters} | {found.Nanoseconds:#,0.0} ns | {RatioOf(found, results)} | {found.AllocatedBytes:#,0} B |");
        }

        table.AppendLine();
        table.Append(Origin(results.Info, results.Folder, CasesRun));
        return table.ToString();
    }

    private static string RatioOf(Measurement found, BenchmarkResults results)
    {
        Measurement? baseline = results.Measurements.SingleOrDefault(other =>
            other.Round == found.Round && other.Type == found.Type && other.Parameters == found.Parameters && other.Method == Cases.BaselineOf(found.Type));
        return baseline is null ? string.Empty
            : baseline == found ? "baseline"
            : string.Create(CultureInfo.InvariantCulture, $"{found.Nanoseconds / baseline.Nanoseconds:0.00} x");
    }
}
