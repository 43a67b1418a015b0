using System.Globalization;

namespace Gai.Pipelines.Benchmarks.Reports;

/// <summary>One claim: it finds its figures in the results and says whether they reach the target.</summary>
internal abstract record Claim(string Text, string Type)
{
    public abstract string Target { get; }

    /// <summary>Judges a run.</summary>
    public abstract Verdict Judge(BenchmarkResults results);

    protected static string Figure(double value) => value.ToString(value < 1 ? "0.0##" : "0.0#", CultureInfo.InvariantCulture);

    protected static string Time(double nanoseconds) => nanoseconds switch
    {
        < 1_000 => $"{nanoseconds.ToString("0.0", CultureInfo.InvariantCulture)} ns",
        < 1_000_000 => $"{(nanoseconds / 1_000).ToString("0.0", CultureInfo.InvariantCulture)} µs",
        _ => $"{(nanoseconds / 1_000_000).ToString("0.0", CultureInfo.InvariantCulture)} ms",
    };

    protected Measurement Find(BenchmarkResults results, int round, string method, string? parameters) =>
        results.Measurements.SingleOrDefault(measurement =>
            measurement.Round == round && measurement.Type == Type && measurement.Method == method && (parameters is null || measurement.Parameters == parameters))
        ?? throw new InvalidOperationException($"Round {round} of perf/reports/{results.Folder} has no {Type}.{method} {parameters}; run `-- claims` again.");

    protected static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    protected IEnumerable<Measurement> Rounds(BenchmarkResults results, string method, string? parameters = null) =>
        Enumerable.Range(1, results.Rounds).Select(round => Find(results, round, method, parameters));
}

/// <summary>What was found.</summary>
internal sealed record Verdict(string Measured, string Medians, string Benchmark, bool Reached);

/// <summary>At most so many times as long as the fastest of the baselines; the median of the rounds decides.</summary>
internal sealed record RatioClaim(string Text, string Type, string Method, string[] Baselines, double AtMost)
    : Claim(Text, Type)
{
    public override string Target => $"at most {Figure(AtMost)} x";

    public override Verdict Judge(BenchmarkResults results)
    {
        string baseline = Baselines.MinBy(candidate => Median(Rounds(results, candidate).Select(round => round.Nanoseconds)))!;
        double[] ours = [.. Rounds(results, Method).Select(round => round.Nanoseconds)];
        double[] theirs = [.. Rounds(results, baseline).Select(round => round.Nanoseconds)];
        double[] ratios = [.. ours.Zip(theirs, (our, their) => our / their)];
        double ratio = Median(ratios);
        int shown = Array.IndexOf(ratios, ratios.MinBy(found => Math.Abs(found - ratio)));
        return new Verdict(
            $"{Figure(ratio)} x ({Figure(ratios.Min())} to {Figure(ratios.Max())})",
            $"{Time(ours[shown])} : {Time(theirs[shown])}",
            $"`{Type}.{Method}` : `{baseline}`",
            ratio <= AtMost);
    }
}

/// <summary>No byte allocated in any round.</summary>
internal sealed record AllocationClaim(string Text, string Type, string Method) : Claim(Text, Type)
{
    public override string Target => "0 B";

    public override Verdict Judge(BenchmarkResults results)
    {
        long bytes = Rounds(results, Method).Max(round => round.AllocatedBytes);
        return new Verdict($"{bytes} B", string.Empty, $"`{Type}.{Method}`", bytes == 0);
    }
}

/// <summary>No byte more for a longer stream: what is left after the cost of the stream itself is that of its events.</summary>
internal sealed record SlopeClaim(string Text, string Type, string Method, string Parameter, int Few, int Many) : Claim(Text, Type)
{
    public override string Target => "0 B";

    public override Verdict Judge(BenchmarkResults results)
    {
        // The run of a benchmark allocates some hundred bytes itself, which a short iteration shows.
        const double Noise = 0.01;
        double few = Median(Rounds(results, Method, Parameter + Few).Select(round => (double)round.AllocatedBytes));
        double many = Median(Rounds(results, Method, Parameter + Many).Select(round => (double)round.AllocatedBytes));
        double slope = (many - few) / (Many - Few);
        return new Verdict(
            $"{Figure(Math.Max(0, slope))} B",
            string.Create(CultureInfo.InvariantCulture, $"{few:#,0} B a stream of {Few:#,0}, {many:#,0} B one of {Many:#,0}"),
            $"`{Type}.{Method}`",
            slope < Noise);
    }
}

/// <summary>The same number of bytes takes about as long whether a limit is small or large; the median of the rounds decides.</summary>
internal sealed record LinearClaim(string Text, string Type, string Method, string Parameter, int Small, int Large, double AtMost) : Claim(Text, Type)
{
    public override string Target => $"at most {Figure(AtMost)} x";

    public override Verdict Judge(BenchmarkResults results)
    {
        double[] small = [.. Rounds(results, Method, Parameter + Small).Select(round => round.Nanoseconds)];
        double[] large = [.. Rounds(results, Method, Parameter + Large).Select(round => round.Nanoseconds)];
        double[] ratios = [.. large.Zip(small, (atLarge, atSmall) => atLarge / atSmall)];
        return new Verdict(
            $"{Figure(Median(ratios))} x ({Figure(ratios.Min())} to {Figure(ratios.Max())})",
            $"{Time(Median(large))} : {Time(Median(small))}",
            $"`{Type}.{Method}`",
            Median(ratios) <= AtMost);
    }
}

/// <summary>At most so long on the machine that is named; says little about another one.</summary>
internal sealed record TimeClaim(string Text, string Type, string Method, double AtMostNanoseconds) : Claim(Text, Type)
{
    public override string Target => $"at most {Time(AtMostNanoseconds)}";

    public override Verdict Judge(BenchmarkResults results)
    {
        double[] times = [.. Rounds(results, Method).Select(round => round.Nanoseconds)];
        return new Verdict(Time(Median(times)), $"{Time(times.Min())} to {Time(times.Max())}", $"`{Type}.{Method}`", Median(times) <= AtMostNanoseconds);
    }
}
