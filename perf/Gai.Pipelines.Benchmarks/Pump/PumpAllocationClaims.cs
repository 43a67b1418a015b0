using BenchmarkDotNet.Attributes;
using Gai.Pipelines.Benchmarks.Sinks;

namespace Gai.Pipelines.Benchmarks.Pump;

/// <summary>Streams of two lengths: what the longer one allocates more, its events allocate.</summary>
[MemoryDiagnoser]
public class PumpAllocationClaims
{
    private readonly NullPipeWriter _output = new();
    private readonly StreamEvent _event = StreamEvent.TextDelta("Hello!");

    /// <summary>How many events the stream has.</summary>
    [Params(1_000, 4_000)]
    public int Events { get; set; }

    /// <summary>Ours.</summary>
    [Benchmark]
    public Task Gai() => new EventPump<StreamEvent>(
        StreamSource.From(EventsAsync()),
        new GaiSseDialect(DialectSettings.Default),
        _output,
        PumpSettings.Default).RunAsync();

#pragma warning disable CS1998 // An async iterator that has everything ready never awaits.
    private async IAsyncEnumerable<StreamEvent> EventsAsync()
    {
        for (int i = 0; i < Events; i++)
        {
            yield return _event;
        }
    }
#pragma warning restore CS1998
}
