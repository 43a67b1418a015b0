using BenchmarkDotNet.Attributes;
using Gai.Pipelines.Benchmarks.Sinks;

namespace Gai.Pipelines.Benchmarks.Pump;

/// <summary>A whole short answer: 100 text deltas of 14 letters as one SSE response, in process, into nothing.</summary>
[MemoryDiagnoser]
public class ResponseClaims
{
    private const int Deltas = 100;

    private readonly NullPipeWriter _output = new();
    private readonly StreamEvent _event = StreamEvent.TextDelta("fourteen chars");

    private static ReadOnlySpan<byte> Frame => "event: text_delta\ndata: {\"text\":\"fourteen chars\"}\n\n"u8;

    private static ReadOnlySpan<byte> Done => "id: gai.done\nevent: done\ndata: {\"finished\":true}\n\n"u8;

    /// <summary>Checks what is written.</summary>
    [GlobalSetup]
    public void Setup() => Verify.Same(nameof(Gai), Verify.Repeat(Frame, Deltas, Done), _output.Capture(Gai));

    /// <summary>Ours, with all that a stream costs once: pump, source, dialect, timer entry.</summary>
    [Benchmark]
    public Task Gai() => new EventPump<StreamEvent>(
        StreamSource.From(EventsAsync()),
        new GaiSseDialect(DialectSettings.Default),
        _output,
        PumpSettings.Default).RunAsync();

#pragma warning disable CS1998 // An async iterator that has everything ready never awaits.
    private async IAsyncEnumerable<StreamEvent> EventsAsync()
    {
        for (int i = 0; i < Deltas; i++)
        {
            yield return _event;
        }
    }
#pragma warning restore CS1998
}
