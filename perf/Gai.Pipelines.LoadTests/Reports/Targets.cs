namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>The targets of this library against what a .NET user would pick instead.</summary>
internal static class Targets
{
    private const string BurstWork = "`burst`, pulled source, one stream";
    private const string PushWork = "`burst` through the channel, producer on another thread";
    private const string PacedWork = "`paced` 500 x 50/s, Immediate";
    private const string Pulled = ", pulled source";
    private const string FastWork = "`fast` 60 x 1,000/s";
    private const string IdleWork = "`idle` 10,000 streams";
    private const string ConnectWork = "`connect`";

    /// <summary>All rows but the one that BenchmarkDotNet decides.</summary>
    public static IReadOnlyList<Row> All { get; } =
    [
        Least("1", BurstWork, Cases.Burst, Metric.Throughput, Cases.Gai, Cases.Framework, 6),
        Least("1", BurstWork, Cases.Burst, Metric.Throughput, Cases.Gai, Cases.Copy, 0.6),
        Least("1", BurstWork + ", against a loop without a source", Cases.Burst, Metric.Throughput, Cases.Gai, Cases.CopyLoop, 0.6),
        Most("1", BurstWork, Cases.Burst, Metric.Cpu, Cases.Gai, Cases.Framework, 0.2),
        Least("2", PushWork, Cases.Push, Metric.Throughput, Cases.Gai, Cases.Framework, 4),
        Most("2", PushWork, Cases.Push, Metric.Cpu, Cases.Gai, Cases.Framework, 0.3),
        Most("3", PacedWork, Cases.Paced, Metric.Cpu, Cases.Gai, Cases.Framework, 0.9),
        Most("3", PacedWork, Cases.Paced, Metric.Latency99, Cases.Gai, Cases.Framework, 1.1),
        Most("3", PacedWork, Cases.Paced, Metric.Cpu, Cases.Gai, Cases.Raw, 1.7),
        Most("3", PacedWork + Pulled, Cases.Paced, Metric.Cpu, Cases.GaiPull, Cases.Framework, 0.9),
        Most("3", PacedWork + Pulled, Cases.Paced, Metric.Latency99, Cases.GaiPull, Cases.Framework, 1.1),
        Most("4", "`paced` 500 x 50/s, Window 50 ms", Cases.Paced, Metric.Cpu, Cases.GaiWindow50, Cases.Framework, 0.5),
        new ValueRow("4", "`paced` 500 x 50/s, Window 50 ms", Cases.Paced, Metric.Latency99, Cases.GaiWindow50, 60),
        Most("5", FastWork + ", Immediate", Cases.Fast, Metric.Cpu, Cases.Gai, Cases.Framework, 0.65),
        Most("5", FastWork + ", Immediate" + Pulled, Cases.Fast, Metric.Cpu, Cases.GaiPull, Cases.Framework, 0.65),
        Most("5", FastWork + ", Window 10 ms", Cases.Fast, Metric.Cpu, Cases.GaiWindow10, Cases.Framework, 0.25),
        new ValueRow("5", FastWork + ", Window 10 ms", Cases.Fast, Metric.Latency99, Cases.GaiWindow10, 20),
        Least("6", "NDJSON, `burst`", Cases.BurstNdjson, Metric.Throughput, Cases.Gai, Cases.Json, 6),
        Most("6", "NDJSON, `paced`", Cases.PacedNdjson, Metric.Cpu, Cases.Gai, Cases.Json, 0.9),
        .. new[]
        {
            ("`burst`", Cases.Burst, Cases.Gai, Cases.Framework),
            ("`burst` through the channel", Cases.Push, Cases.Gai, Cases.Framework),
            ("`paced`, Immediate", Cases.Paced, Cases.Gai, Cases.Framework),
            ("`paced`, Window 50 ms", Cases.Paced, Cases.GaiWindow50, Cases.Framework),
            ("`fast`, Immediate", Cases.Fast, Cases.Gai, Cases.Framework),
            ("`fast`, Window 10 ms", Cases.Fast, Cases.GaiWindow10, Cases.Framework),
            ("NDJSON, `burst`", Cases.BurstNdjson, Cases.Gai, Cases.Json),
            ("NDJSON, `paced`", Cases.PacedNdjson, Cases.Gai, Cases.Json),
        }.Select(static row => new AllocationRow("7", row.Item1 + ": allocation", row.Item2, row.Item3, row.Item4)),
        Least("7a", BurstWork, Cases.Burst, Metric.Throughput, Cases.Gai, Cases.Good, 1.8),
        Most("7a", BurstWork, Cases.Burst, Metric.Cpu, Cases.Gai, Cases.Good, 0.6),
        Least("7b", "HTTP/2: `burst`", Cases.BurstHttp2, Metric.Throughput, Cases.Gai, Cases.Framework, 5),
        Least("7b", "HTTP/2: `burst`", Cases.BurstHttp2, Metric.Throughput, Cases.Gai, Cases.Good, 2),
        Most("7b", "HTTP/2: `paced`, Immediate", Cases.PacedHttp2, Metric.Cpu, Cases.Gai, Cases.Framework, 0.9),
        Most("7b", "HTTP/2: `paced`, Immediate", Cases.PacedHttp2, Metric.Latency99, Cases.Gai, Cases.Framework, 1.1),
        Most("7b", "HTTP/2: `fast`, Immediate", Cases.FastHttp2, Metric.Cpu, Cases.Gai, Cases.Framework, 0.65),
        Most("7b", "HTTP/2: `fast`, Window 10 ms", Cases.FastHttp2, Metric.Cpu, Cases.GaiWindow10, Cases.Framework, 0.25),
        new ValueRow("7b", "HTTP/2: `fast`, Window 10 ms", Cases.FastHttp2, Metric.Latency99, Cases.GaiWindow10, 20),
        new DifferenceRow("8", IdleWork + ", pulled source", Cases.IdleHeap, Metric.IdleHeap, Cases.Gai, Cases.Bare, 512),
        new DifferenceRow("8", IdleWork + ", pulled source, against a handler that has sent its head", Cases.IdleHeap, Metric.IdleHeap, Cases.Gai, Cases.BareHead, 512),
        new DifferenceRow("8", IdleWork + ", channel", Cases.IdleHeap, Metric.IdleHeap, Cases.GaiChannel, Cases.Bare, 1_229),
        new DifferenceRow("8", IdleWork + ", keep-alive 15 s", Cases.IdleCpu, Metric.IdleCpu, Cases.Gai, Cases.Bare, 1.5),
        Most("9", ConnectWork + " at 300/s", Cases.Connect, Metric.FirstByte50, Cases.Gai, Cases.Framework, 1.1),
        Most("9", ConnectWork + " at 300/s", Cases.Connect, Metric.FirstByte99, Cases.Gai, Cases.Framework, 1.1),
        Least("9", ConnectWork, Cases.Connect, Metric.HighestRate, Cases.Gai, Cases.Framework, 1.2),
        Most("11", "`burst` into a log and to one live cursor", Cases.BurstResumable, Metric.Cpu, Cases.GaiResumable, Cases.Gai, 1.3),
        Most("12", "1,000 cursors on one log at 50/s, against as many streams", Cases.FanoutPaced, Metric.Cpu, Cases.GaiLog, Cases.Gai, 0.85),
        new DifferenceRow("13", IdleWork + ", cursors of one log, against as many connections that have their head", Cases.IdleHeap, Metric.IdleHeap, Cases.GaiLog, Cases.BareHead, 1_024),
    ];

    private static RatioRow Least(string number, string work, string load, Metric metric, string ours, string theirs, double limit) =>
        new(number, work, load, metric, ours, theirs, Bound.AtLeast, limit);

    private static RatioRow Most(string number, string work, string load, Metric metric, string ours, string theirs, double limit) =>
        new(number, work, load, metric, ours, theirs, Bound.AtMost, limit);
}
