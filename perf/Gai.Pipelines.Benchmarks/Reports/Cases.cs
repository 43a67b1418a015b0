using System.Reflection;
using BenchmarkDotNet.Attributes;
using Gai.Pipelines.Benchmarks.Encoders;
using Gai.Pipelines.Benchmarks.Kestrel;
using Gai.Pipelines.Benchmarks.Negotiation;
using Gai.Pipelines.Benchmarks.Pump;
using Gai.Pipelines.Benchmarks.Readers;

namespace Gai.Pipelines.Benchmarks.Reports;

/// <summary>What is measured for information: it has no target.</summary>
internal static class Cases
{
    public static IReadOnlyList<Type> Benchmarks { get; } =
    [
        typeof(KestrelBenchmarks),
        typeof(SourceBenchmarks),
        typeof(EncoderBenchmarks),
        typeof(RecordBenchmarks),
        typeof(DialectBenchmarks),
        typeof(StreamEventReaderBenchmarks),
        typeof(NegotiationBenchmarks),
    ];

    /// <summary>Those whose names begin like one of these.</summary>
    public static IReadOnlyList<Type> Named(string[] names)
    {
        Type[] found = [.. Benchmarks.Where(type => names.Any(name => type.Name.StartsWith(name, StringComparison.OrdinalIgnoreCase)))];
        return found.Length > 0
            ? found
            : throw new ArgumentException($"No class begins with {string.Join(" or ", names)}. There are {string.Join(", ", Benchmarks.Select(type => type.Name))}.", nameof(names));
    }

    /// <summary>Gives the method with which the others of a class are compared, if there is one.</summary>
    public static string? BaselineOf(string type) =>
        Benchmarks.SingleOrDefault(candidate => candidate.Name == type)?.GetMethods()
            .SingleOrDefault(method => method.GetCustomAttribute<BenchmarkAttribute>() is { Baseline: true })?.Name;
}
