using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Gai.Pipelines.Benchmarks.Sinks;

namespace Gai.Pipelines.Benchmarks.Encoders;

/// <summary>The text delta "Hello!" as a frame, by us, by copying the finished bytes, and by Utf8JsonWriter.</summary>
/// <remarks>
/// Each operation is one frame of a run of a thousand into the same 4 KiB block, which is what a burst looks like to an
/// encoder. The event exists beforehand. Everybody writes the same bytes; <see cref="Setup"/> compares them.
/// </remarks>
[MemoryDiagnoser]
public abstract class EncoderContest
{
    private const int Frames = 1_000;
    private const string Text = "Hello!";

    private static readonly JsonEncodedText TypeName = JsonEncodedText.Encode("type");
    private static readonly JsonEncodedText TypeValue = JsonEncodedText.Encode("text_delta");
    private static readonly JsonEncodedText TextName = JsonEncodedText.Encode("text");

    private readonly BlockWriter _block = new();
    private readonly StreamEvent _event = StreamEvent.TextDelta(Text);
#pragma warning disable CA1859 // The contenders know no more of their output than a handler knows of its body.
    private readonly IBufferWriter<byte> _output;
#pragma warning restore CA1859
    private readonly FrameWriter _frames;
    private readonly StreamEventDialect _dialect;
    private readonly byte[] _frame;
    private readonly byte[] _beforeJson;
    private readonly byte[] _afterJson;
    private readonly bool _withType;
    private readonly Utf8JsonWriter _usual;
    private readonly Utf8JsonWriter _tuned;

    private protected EncoderContest(StreamEventDialect dialect, ReadOnlySpan<byte> beforeJson, ReadOnlySpan<byte> json, ReadOnlySpan<byte> afterJson, bool withType)
    {
        _output = _block;
        _frames = new FrameWriter(_output);
        _dialect = dialect;
        _beforeJson = beforeJson.ToArray();
        _afterJson = afterJson.ToArray();
        _frame = [.. beforeJson, .. json, .. afterJson];
        _withType = withType;
        _usual = new Utf8JsonWriter(_output);
        _tuned = new Utf8JsonWriter(_output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
    }

    /// <summary>Compares what the contenders write.</summary>
    [GlobalSetup]
    public void Setup()
    {
        byte[] expected = Verify.Repeat(_frame, Frames);
        Verify.Same(nameof(Copy), expected, _block.Capture(Copy));
        Verify.Same(nameof(CopyThroughFrameWriter), expected, _block.Capture(CopyThroughFrameWriter));
        Verify.Same(nameof(Gai), expected, _block.Capture(Gai));
        Verify.Same(nameof(JsonWriter), expected, _block.Capture(JsonWriter));
        Verify.Same(nameof(JsonWriterTuned), expected, _block.Capture(JsonWriterTuned));
    }

    /// <summary>The floor: the finished bytes, straight into the output.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Frames)]
    public void Copy()
    {
        for (int i = 0; i < Frames; i++)
        {
            Write(_frame);
        }
    }

    /// <summary>The finished bytes as a frame that can still be discarded, which is what ours are.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void CopyThroughFrameWriter()
    {
        for (int i = 0; i < Frames; i++)
        {
            _frame.CopyTo(_frames.GetSpan(_frame.Length));
            _frames.Advance(_frame.Length);
            _frames.Commit();
        }

        _frames.Publish();
    }

    /// <summary>Ours.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void Gai()
    {
        for (int i = 0; i < Frames; i++)
        {
            _dialect.WriteEvent(_frames, _event);
            _frames.Commit();
        }

        _frames.Publish();
    }

    /// <summary>A reused Utf8JsonWriter, as one writes it: default encoder, validation, plain names.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void JsonWriter()
    {
        for (int i = 0; i < Frames; i++)
        {
            Write(_beforeJson);
            _usual.Reset();
            _usual.WriteStartObject();
            if (_withType)
            {
                _usual.WriteString("type"u8, "text_delta"u8);
            }

            _usual.WriteString("text"u8, Text);
            _usual.WriteEndObject();
            _usual.Flush();
            Write(_afterJson);
        }
    }

    /// <summary>A reused Utf8JsonWriter with all it offers: names encoded beforehand, no validation, the relaxed encoder.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void JsonWriterTuned()
    {
        for (int i = 0; i < Frames; i++)
        {
            Write(_beforeJson);
            _tuned.Reset();
            _tuned.WriteStartObject();
            if (_withType)
            {
                _tuned.WriteString(TypeName, TypeValue);
            }

            _tuned.WriteString(TextName, Text);
            _tuned.WriteEndObject();
            _tuned.Flush();
            Write(_afterJson);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Write(byte[] bytes)
    {
        if (bytes.Length > 0)
        {
            bytes.CopyTo(_output.GetSpan(bytes.Length));
            _output.Advance(bytes.Length);
        }
    }
}
