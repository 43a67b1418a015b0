using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Gai.Pipelines.Benchmarks.Sinks;

namespace Gai.Pipelines.Benchmarks.Encoders;

/// <summary>Events of every kind and text of every kind as frames of the gai dialect, a plain copy of the finished frame, and Utf8JsonWriter. For information.</summary>
/// <remarks>The JSON writer is told what it saves most with: names in UTF-8, the relaxed encoder, no validation. It escapes more than is necessary, so its JSON is compared and not its bytes.</remarks>
[MemoryDiagnoser]
public class EncoderBenchmarks
{
    private const int Frames = 100;

    private readonly BlockWriter _block = new();
#pragma warning disable CA1859 // The contenders know no more of their output than a handler knows of its body.
    private readonly IBufferWriter<byte> _output;
#pragma warning restore CA1859
    private readonly StreamEventDialect _sse = new GaiSseDialect(DialectSettings.Default);
    private readonly StreamEventDialect _ndjson = new GaiNdjsonDialect(DialectSettings.Default);
    private readonly FrameWriter _frames;
    private readonly Utf8JsonWriter _json;
    private StreamEvent _event;
    private byte[] _frame = [];
    private byte[] _beforeJson = [];

    /// <summary>Prepares the output.</summary>
    public EncoderBenchmarks()
    {
        _output = _block;
        _frames = new FrameWriter(_block);
        _json = new Utf8JsonWriter(_output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
    }

    /// <summary>The cases.</summary>
    public static IEnumerable<EncoderCase> Cases => EncoderCase.All;

    /// <summary>What is encoded.</summary>
    [ParamsSource(nameof(Cases))]
    public EncoderCase Case { get; set; } = null!;

    private static ReadOnlySpan<byte> AfterJson => "\n\n"u8;

    /// <summary>Checks what is written.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _event = Case.Event;
        _frame = Encoding.UTF8.GetBytes(Case.Sse);
        _beforeJson = _frame[..(_frame.AsSpan().IndexOf("data: "u8) + "data: ".Length)];
        byte[] expected = Verify.Repeat(_frame, Frames);
        Verify.Same(nameof(Copy), expected, _block.Capture(Copy));
        Verify.SameJson(nameof(JsonWriter), _frame.AsSpan(_beforeJson.Length), _block.Capture(JsonWriter).AsSpan(_beforeJson.Length));
        Verify.Same(nameof(Sse), expected, _block.Capture(Sse));
        Verify.Same(nameof(Ndjson), Verify.Repeat(Encoding.UTF8.GetBytes(Case.Ndjson), Frames), _block.Capture(Ndjson));
    }

    /// <summary>The floor: the finished frame of SSE.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Frames)]
    public void Copy()
    {
        for (int i = 0; i < Frames; i++)
        {
            _output.Write(_frame);
        }
    }

    /// <summary>The frame of SSE with a reused Utf8JsonWriter.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void JsonWriter()
    {
        for (int i = 0; i < Frames; i++)
        {
            _output.Write(_beforeJson);
            _json.Reset();
            _json.WriteStartObject();
            Case.ByHand(_json);
            _json.WriteEndObject();
            _json.Flush();
            _output.Write(AfterJson);
        }
    }

    /// <summary>Ours as SSE.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void Sse() => Encode(_sse);

    /// <summary>Ours as NDJSON.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void Ndjson() => Encode(_ndjson);

    private void Encode(StreamEventDialect dialect)
    {
        bool isError = _event.Type == StreamEventType.Error;
        for (int i = 0; i < Frames; i++)
        {
            if (isError)
            {
                dialect.WriteError(_frames, _event.Error);
            }
            else
            {
                dialect.WriteEvent(_frames, _event);
            }

            _frames.Commit();
        }

        _frames.Publish();
    }
}
