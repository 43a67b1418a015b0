using System.Text;
using BenchmarkDotNet.Attributes;
using Gai.Pipelines.Benchmarks.Sinks;

namespace Gai.Pipelines.Benchmarks.Encoders;

/// <summary>Events of every kind and text of every kind as frames of the gai dialect. For information.</summary>
[MemoryDiagnoser]
public class EncoderBenchmarks
{
    private const int Frames = 100;

    private readonly BlockWriter _block = new();
    private readonly StreamEventDialect _sse = new GaiSseDialect(DialectSettings.Default);
    private readonly StreamEventDialect _ndjson = new GaiNdjsonDialect(DialectSettings.Default);
    private readonly FrameWriter _frames;
    private StreamEvent _event;

    /// <summary>Prepares the output.</summary>
    public EncoderBenchmarks() => _frames = new FrameWriter(_block);

    /// <summary>The cases.</summary>
    public static IEnumerable<EncoderCase> Cases => EncoderCase.All;

    /// <summary>What is encoded.</summary>
    [ParamsSource(nameof(Cases))]
    public EncoderCase Case { get; set; } = null!;

    /// <summary>Checks what is written.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _event = Case.Event;
        Verify.Same(nameof(Sse), Verify.Repeat(Encoding.UTF8.GetBytes(Case.Sse), Frames), _block.Capture(Sse));
        Verify.Same(nameof(Ndjson), Verify.Repeat(Encoding.UTF8.GetBytes(Case.Ndjson), Frames), _block.Capture(Ndjson));
    }

    /// <summary>As SSE.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void Sse() => Encode(_sse);

    /// <summary>As NDJSON.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void Ndjson() => Encode(_ndjson);

    private void Encode(StreamEventDialect dialect)
    {
        for (int i = 0; i < Frames; i++)
        {
            dialect.WriteEvent(_frames, _event);
            _frames.Commit();
        }

        _frames.Publish();
    }
}
