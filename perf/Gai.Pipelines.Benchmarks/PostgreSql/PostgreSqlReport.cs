using System.Globalization;
using System.Text;
using System.Text.Json;
using Gai.Pipelines.Benchmarks.Reports;

namespace Gai.Pipelines.Benchmarks.PostgreSql;

/// <summary>What <see cref="PostgreSqlVerb"/> found.</summary>
internal sealed record PostgreSqlReport(RunInfo Info, string Server, IReadOnlyList<PostgreSqlLoad> Loads)
{
    public static PostgreSqlReport? Newest(string? folder) =>
        ReportFiles.NewestRun(ReportVerb.PostgreSqlRun, folder, run => JsonSerializer.Deserialize<PostgreSqlReport>(run)!, report => report.Info)?.Run;

    public string Table()
    {
        var table = new StringBuilder();
        table.AppendLine("| load | appended | to a reader at another node, median | 99th percentile | rows per stream | events per row |");
        table.AppendLine("|---|---|---|---|---|---|");
        foreach (PostgreSqlLoad load in Loads)
        {
            table.AppendLine(load.Row());
        }

        table.AppendLine();
        table.AppendLine(CultureInfo.InvariantCulture, $"Medians of the rounds. {Server}, which waits for its disk at each commit, both nodes and all readers share the machine. Events wait up to 20 ms for others before they are written (`StoreDelay`).");
        table.Append(ReportVerb.Origin(Info, Info.FolderName, ReportVerb.PostgreSqlRun));
        return table.ToString();
    }
}

/// <summary>Streams through two nodes, in rounds.</summary>
/// <param name="Streams">How many at once.</param>
/// <param name="EventsPerSecond">How fast each is; 0 for as fast as it goes.</param>
/// <param name="EventsPerStream">How many events each has.</param>
/// <param name="Rounds">What was measured.</param>
internal sealed record PostgreSqlLoad(int Streams, double EventsPerSecond, int EventsPerStream, IReadOnlyList<PostgreSqlRound> Rounds)
{
    public string Row()
    {
        string pace = EventsPerSecond == 0 ? "as fast as they go" : string.Create(CultureInfo.InvariantCulture, $"{EventsPerSecond:#,0} events/s");
        string lag = EventsPerSecond == 0
            ? "| | |"
            : string.Create(CultureInfo.InvariantCulture, $"| {Median(static round => round.LagMedian):0.0} ms | {Median(static round => round.Lag99):0.0} ms |");
        double rows = Median(static round => round.RowsPerStream);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {Streams:#,0} {(Streams == 1 ? "stream" : "streams")} x {pace}, {EventsPerStream:#,0} each | {Median(static round => round.EventsPerSecond):#,0} events/s {lag} {rows:#,0} | {EventsPerStream / rows:0.0} |");
    }

    private double Median(Func<PostgreSqlRound, double> figure)
    {
        double[] sorted = [.. Rounds.Select(figure).Order()];
        return sorted[sorted.Length / 2];
    }
}

/// <summary>One round: events that became durable a second over all streams, milliseconds from a producer at one node to a reader at the other, rows of frames.</summary>
internal sealed record PostgreSqlRound(double EventsPerSecond, double LagMedian, double Lag99, double RowsPerStream);
