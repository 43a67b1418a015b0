using System.Globalization;
using System.Text;
using System.Text.Json;
using Gai.Pipelines.Benchmarks.Reports;

namespace Gai.Pipelines.Benchmarks.Gateway;

/// <summary>What <see cref="GatewayVerb"/> found.</summary>
internal sealed record GatewayReport(RunInfo Info, IReadOnlyList<GatewayLoad> Loads)
{
    public static GatewayReport? Newest(string? folder) =>
        ReportFiles.NewestRun(ReportVerb.GatewayRun, folder, run => JsonSerializer.Deserialize<GatewayReport>(run)!, report => report.Info)?.Run;

    public string Table()
    {
        var table = new StringBuilder();
        table.AppendLine("| load | added to the median | added to the 99th percentile | direct, median | through the gateway, median | CPU of the gateway per event |");
        table.AppendLine("|---|---|---|---|---|---|");
        foreach (GatewayLoad load in Loads)
        {
            table.AppendLine(load.Row());
        }

        table.AppendLine();
        table.AppendLine("Medians of the rounds. The model server, the gateway and the clients share the machine; the first and the last are one process.");
        table.Append(ReportVerb.Origin(Info, Info.FolderName, ReportVerb.GatewayRun));
        return table.ToString();
    }
}

/// <summary>Streams at a rate, in rounds.</summary>
internal sealed record GatewayLoad(int Streams, double EventsPerSecond, int EventsPerStream, IReadOnlyList<GatewayRound> Rounds)
{
    public string Row() => string.Create(
        CultureInfo.InvariantCulture,
        $"| {Streams:#,0} {(Streams == 1 ? "stream" : "streams")} x {EventsPerSecond:#,0} events/s, {EventsPerStream:#,0} each | " +
        $"{Median(static round => round.ThroughMedian - round.DirectMedian):0.000} ms | {Median(static round => round.Through99 - round.Direct99):0.000} ms | " +
        $"{Median(static round => round.DirectMedian):0.000} ms | {Median(static round => round.ThroughMedian):0.000} ms | {Median(static round => round.CpuMicroseconds):0.0} µs |");

    private double Median(Func<GatewayRound, double> figure)
    {
        double[] sorted = [.. Rounds.Select(figure).Order()];
        return sorted[sorted.Length / 2];
    }
}

/// <summary>One load read directly and through the gateway: milliseconds on the way of an event, and the CPU that one costs.</summary>
internal sealed record GatewayRound(double DirectMedian, double Direct99, double ThroughMedian, double Through99, double CpuMicroseconds);
