using BenchmarkDotNet.Attributes;
using Gai.Pipelines.Hosting;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Gai.Pipelines.Benchmarks.Negotiation;

/// <summary>The choice of a format by the header Accept, once a stream, beside the framework's parser of that header alone. For information.</summary>
[MemoryDiagnoser]
public class NegotiationBenchmarks
{
    private readonly IReadOnlyList<StreamFormat> _offered = Dialects.Gai.Formats;
    private StringValues _accept;

    /// <summary>What clients send: nothing, what curl sends, an EventSource, a fetch for records, a browser's address line, a choice.</summary>
    public static IEnumerable<string> Headers =>
    [
        "", "*/*", "text/event-stream", "application/x-ndjson",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "application/x-ndjson;q=0.9, text/event-stream;q=0.5, application/json;q=0.1",
    ];

    /// <summary>The header.</summary>
    [ParamsSource(nameof(Headers))]
    public string Accept { get; set; } = string.Empty;

    /// <summary>Checks what is chosen.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _accept = Accept.Length == 0 ? StringValues.Empty : Accept;
        StreamFormat expected = Accept.StartsWith("application/x-ndjson", StringComparison.Ordinal) ? StreamFormat.Ndjson : StreamFormat.ServerSentEvents;
        if (Select() != expected)
        {
            throw new InvalidOperationException($"\"{Accept}\" chose {Select()} where {expected} was expected.");
        }
    }

    /// <summary>The framework: the header's ranges, and no choice among them.</summary>
    [Benchmark(Baseline = true)]
    public int ParseAlone() => MediaTypeHeaderValue.TryParseList(_accept, out IList<MediaTypeHeaderValue>? ranges) ? ranges.Count : 0;

    /// <summary>Ours: ranges and choice.</summary>
    [Benchmark]
    public StreamFormat? Select() => FormatSelector.Select(_accept, _offered);
}
