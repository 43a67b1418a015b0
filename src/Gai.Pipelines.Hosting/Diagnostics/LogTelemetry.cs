using System.Diagnostics.Metrics;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines.Hosting;

/// <summary>Tells of the logs of the server. All is observed: who does not ask pays nothing.</summary>
internal static class LogTelemetry
{
    public static void Tell(IMeterFactory meters, StreamLogs logs)
    {
        Meter meter = meters.Create(StreamMetrics.MeterName);
        LogCounts counts = logs.Budget.Counts;
        meter.CreateObservableUpDownCounter("gai.log.active", () => logs.Count, "{log}", "Logs that this server has, its copies of others' included.");
        meter.CreateObservableUpDownCounter("gai.log.memory", () => logs.MemoryBytes, "By", "Memory that logs take.");
        meter.CreateObservableUpDownCounter("gai.log.cursors", () => logs.Sum().Cursors, "{cursor}", "Cursors that read logs.");
        meter.CreateObservableUpDownCounter("gai.log.store_lag", () => logs.Sum().StoreLag, "{event}", "Events of this server's producers and publishers that the shared store does not have yet.");
        meter.CreateObservableCounter("gai.log.frames", () => counts.Frames, "{frame}", "Frames that were appended to logs.");
        meter.CreateObservableCounter("gai.log.evicted", () => counts.Evicted, "{frame}", "Frames that were evicted from memory.");
        meter.CreateObservableCounter("gai.log.gaps", () => counts.Gaps, "{gap}", "Gaps that readers were told of.");
    }
}
