using System.Globalization;
using System.Text;
using System.Text.Json;
using Gai.Pipelines.Benchmarks.Reports;

namespace Gai.Pipelines.Benchmarks.Ticks;

/// <summary>What <see cref="TicksVerb"/> found.</summary>
internal sealed record TicksReport(RunInfo Info, IReadOnlyList<ProtocolResult> Protocols)
{
    public static TicksReport? Newest(string? folder) =>
        ReportFiles.NewestRun(ReportVerb.TicksRun, folder, run => JsonSerializer.Deserialize<TicksReport>(run)!, report => report.Info)?.Run;

    public string Table()
    {
        var table = new StringBuilder();
        table.AppendLine("| protocol | events, all in order | events/s | heap before | first quarter | last quarter | peak | sent | allocated | flat |");
        table.AppendLine("|---|---|---|---|---|---|---|---|---|---|");
        foreach (ProtocolResult result in Protocols)
        {
            table.AppendLine(result.Row());
        }

        table.AppendLine();
        table.AppendLine(
            "The managed heap of the server in MB with what is not collected yet, ten samples a second; medians of the quarters of the time. " +
            "*Allocated* is per event, by the whole server and its counters. Flat means: by the last quarter the heap has grown by less than a byte for each event sent.");
        table.Append(ReportVerb.Origin(Info, Info.FolderName, ReportVerb.TicksRun));
        return table.ToString();
    }
}

/// <summary>The streams over one protocol, one after the other, and the samples from before the first until after the last.</summary>
internal sealed record ProtocolResult(string Name, double StartSeconds, double EndSeconds, IReadOnlyList<StreamResult> Streams, IReadOnlyList<HeapSample> Samples)
{
    public string Row()
    {
        HeapSample[] during = [.. Samples.Where(sample => sample.Seconds >= StartSeconds && sample.Seconds <= EndSeconds)];
        if (during.Length < 8)
        {
            throw new InvalidOperationException($"{Name} has {during.Length} samples of the heap, too few to say anything; stream more events.");
        }

        long events = Streams.Sum(stream => stream.Events);
        double before = Median(Samples.Where(sample => sample.Seconds < StartSeconds));
        double first = Median(during.Take(during.Length / 4));
        double last = Median(during.TakeLast(during.Length / 4));
        bool flat = (last - first) * 1_000_000 < events;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {Name} | {Streams.Count} x {Streams[0].Events:#,0} | {events / Streams.Sum(stream => stream.Seconds):#,0} | {before:0.#} | {first:0.#} | {last:0.#} | " +
            $"{during.Max(sample => sample.HeapMegabytes):0.#} | {Streams.Sum(stream => stream.Bytes) / 1_000_000:#,0} MB | {during.Sum(sample => sample.AllocatedBytes) / events:0.00} B | {(flat ? "yes" : "**no**")} |");
    }

    private static double Median(IEnumerable<HeapSample> samples)
    {
        double[] sorted = [.. samples.Select(sample => sample.HeapMegabytes).Order()];
        return sorted.Length == 0 ? 0 : sorted[sorted.Length / 2];
    }
}
