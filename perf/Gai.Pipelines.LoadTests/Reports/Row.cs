using System.Globalization;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>A line of the table of targets: it finds its figures in a report and says whether they reach the target.</summary>
/// <param name="Number">The number of the target.</param>
/// <param name="Work">What is done.</param>
/// <param name="Case">The case that decides.</param>
internal abstract record Row(string Number, string Work, string Case)
{
    /// <summary>What shall be reached, in words.</summary>
    public abstract string Target { get; }

    /// <summary>The servers whose figures decide.</summary>
    public abstract IReadOnlyList<string> Servers { get; }

    /// <summary>Judges a report.</summary>
    public abstract Verdict Judge(LoadReport report);

    /// <summary>Counts the rounds in which something makes a figure doubtful that decides.</summary>
    public int DoubtfulRounds(LoadReport report) =>
        report.Runs.Where(run => run.Doubts.Count > 0 && Servers.Contains(run.Contender)).Select(static run => run.Round).Distinct().Count();

    /// <summary>Writes a figure with as many digits as it deserves.</summary>
    protected static string Text(double figure) => figure.ToString(
        Math.Abs(figure) switch { >= 100 => "#,0", >= 10 => "0.0", _ => "0.00" }, CultureInfo.InvariantCulture);

    /// <summary>Writes a median, and between what it lies.</summary>
    protected static string Text(Spread spread, string unit) => $"{Text(spread.Median)} {unit} ({Text(spread.Least)} to {Text(spread.Greatest)})";
}

/// <summary>What a row has found.</summary>
/// <param name="Measured">The figure and its spread.</param>
/// <param name="Figures">What it was made of.</param>
/// <param name="Reached">Whether it is good enough.</param>
/// <param name="InEveryRound">Whether every round says the same.</param>
internal sealed record Verdict(string Measured, string Figures, bool Reached, bool InEveryRound)
{
    /// <summary>Judges by the median.</summary>
    public static Verdict Of(string measured, string figures, Spread spread, Bound bound, double limit)
    {
        bool Reaches(double figure) => bound == Bound.AtLeast ? figure >= limit : figure <= limit;
        return new Verdict(measured, figures, Reaches(spread.Median), Reaches(spread.Least) == Reaches(spread.Greatest));
    }
}

/// <summary>A figure of a run.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Unit">What it is counted in.</param>
/// <param name="Of">Finds it.</param>
internal sealed record Metric(string Name, string Unit, Func<RunFigures, double> Of)
{
    public static Metric Throughput { get; } = new("events/s", "events/s", static run => run.EventsPerSecond);

    public static Metric Cpu { get; } = new("server CPU per event", "µs", static run => run.CpuPerEvent);

    public static Metric Latency99 { get; } = new("p99 latency", "ms", static run => run.LatencyAt(0.99));

    public static Metric FirstByte50 { get; } = new("time to first byte, p50", "ms", static run => run.FirstByteAt(0.5));

    public static Metric FirstByte99 { get; } = new("time to first byte, p99", "ms", static run => run.FirstByteAt(0.99));

    public static Metric HighestRate { get; } = new("highest rate with p99 below 50 ms", "streams/s", static run => run.More.GetValueOrDefault(MoreFigures.HighestRate));

    /// <summary>Without the pinned blocks: Kestrel's pool keeps as many as were in use at once while the streams arrived, which is chance and differs by a kilobyte a stream.</summary>
    public static Metric IdleHeap { get; } = new(
        "managed heap per stream, but for Kestrel's pinned blocks,", "B", static run => run.More.GetValueOrDefault(MoreFigures.HeapPerStream) - run.More.GetValueOrDefault(MoreFigures.PinnedPerStream));

    public static Metric IdleCpu { get; } = new("CPU of all", "% of a core", static run => run.More.GetValueOrDefault(MoreFigures.CpuShare));

    /// <summary>Without what the source of the events allocates, which is the application's.</summary>
    public static Metric Allocated { get; } = new(
        "allocated per event", "B", static run => run.Events == 0 ? 0 : (run.Server.AllocatedBytes - run.More.GetValueOrDefault(MoreFigures.SourceBytes)) / run.Events);
}

/// <summary>Which side of a bound is good.</summary>
internal enum Bound
{
    AtLeast,
    AtMost,
}

/// <summary>One server against another, round by round; the median ratio decides.</summary>
internal sealed record RatioRow(string Number, string Work, string Case, Metric Metric, string Ours, string Theirs, Bound Bound, double Limit) : Row(Number, Work, Case)
{
    public override string Target =>
        $"{Metric.Name} {(Bound == Bound.AtLeast ? "at least" : "at most")} {Limit.ToString(CultureInfo.InvariantCulture)} x `{Theirs}`";

    public override IReadOnlyList<string> Servers => [Ours, Theirs];

    public override Verdict Judge(LoadReport report)
    {
        var ratio = Spread.OfRatios(report.Of(Ours), report.Of(Theirs), Metric.Of);
        double ours = Spread.Of(report.Of(Ours).Select(Metric.Of)).Median;
        double theirs = Spread.Of(report.Of(Theirs).Select(Metric.Of)).Median;
        return Verdict.Of(Text(ratio, "x"), $"{Text(ours)} : {Text(theirs)} {Metric.Unit}", ratio, Bound, Limit);
    }
}

/// <summary>A figure of one server; the median of the rounds decides.</summary>
internal sealed record ValueRow(string Number, string Work, string Case, Metric Metric, string Ours, double AtMost) : Row(Number, Work, Case)
{
    public override string Target => $"{Metric.Name} at most {AtMost.ToString(CultureInfo.InvariantCulture)} {Metric.Unit}";

    public override IReadOnlyList<string> Servers => [Ours];

    public override Verdict Judge(LoadReport report)
    {
        var value = Spread.Of(report.Of(Ours).Select(Metric.Of));
        return Verdict.Of(Text(value, Metric.Unit), string.Empty, value, Bound.AtMost, AtMost);
    }
}

/// <summary>How much more of something one server takes than another, round by round; the median difference decides.</summary>
internal sealed record DifferenceRow(string Number, string Work, string Case, Metric Metric, string Ours, string Theirs, double AtMost) : Row(Number, Work, Case)
{
    public override string Target => $"{Metric.Name} at most {AtMost.ToString(CultureInfo.InvariantCulture)} {Metric.Unit} above `{Theirs}`";

    public override IReadOnlyList<string> Servers => [Ours, Theirs];

    public override Verdict Judge(LoadReport report)
    {
        var difference = Spread.Of(report.Of(Ours).Join(
            report.Of(Theirs), static our => our.Round, static their => their.Round, (our, their) => Metric.Of(our) - Metric.Of(their)));
        double ours = Spread.Of(report.Of(Ours).Select(Metric.Of)).Median;
        double theirs = Spread.Of(report.Of(Theirs).Select(Metric.Of)).Median;
        return Verdict.Of(Text(difference, Metric.Unit), $"{Text(ours)} : {Text(theirs)} {Metric.Unit}", difference, Bound.AtMost, AtMost);
    }
}

/// <summary>Nothing allocated for an event beyond what the source allocates.</summary>
/// <remarks>
/// A stream allocates something once, Kestrel for each flush that has to wait, and so does asking the server for its figures. The smallest
/// object has 24 bytes: at most one byte for an event is none of its own.
/// </remarks>
internal sealed record AllocationRow(string Number, string Work, string Case, string Ours, string Theirs) : Row(Number, Work, Case)
{
    private const double Noise = 1;

    public override string Target => "0 B per event beyond the source";

    public override IReadOnlyList<string> Servers => [Ours, Theirs];

    public override Verdict Judge(LoadReport report)
    {
        var ours = Spread.Of(report.Of(Ours).Select(Metric.Allocated.Of));
        var theirs = Spread.Of(report.Of(Theirs).Select(Metric.Allocated.Of));
        return Verdict.Of(Text(ours, "B"), $"`{Theirs}`: {Text(theirs.Median)} B", ours, Bound.AtMost, Noise);
    }
}
