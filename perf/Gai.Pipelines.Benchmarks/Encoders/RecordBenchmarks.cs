using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using BenchmarkDotNet.Attributes;
using Gai.Pipelines.Benchmarks.Sinks;

namespace Gai.Pipelines.Benchmarks.Encoders;

/// <summary>What is JSON by more than a template: a type of the application, and the records of gai.events.v1. For information.</summary>
[MemoryDiagnoser]
public class RecordBenchmarks
{
    private const int Frames = 1_000;
    private const string Json = "{\"Id\":42,\"Name\":\"a row\",\"Price\":9.75,\"InStock\":true}";

    private readonly BlockWriter _block = new();
    private readonly Row _row = new(42, "a row", 9.75, InStock: true);
    private readonly StreamEvent _event = StreamEvent.TextDelta("Hello!").At(DateTimeOffset.FromUnixTimeMilliseconds(1_763_805_600_123));
    private readonly PlainSseDialect<Row> _sse = new(RowJson.Default.Row, DialectSettings.Default);
    private readonly PlainNdjsonDialect<Row> _ndjson = new(RowJson.Default.Row);
    private readonly FrameWriter _frames;
    private readonly Utf8JsonWriter _json;

    /// <summary>Prepares the output.</summary>
    public RecordBenchmarks()
    {
        _frames = new FrameWriter(_block);
        _json = new Utf8JsonWriter(_block);
    }

    /// <summary>Checks what is written.</summary>
    [GlobalSetup]
    public void Setup()
    {
        byte[] sse = Verify.Repeat(Encoding.UTF8.GetBytes($"data: {Json}\n\n"), Frames);
        Verify.Same(nameof(TypedSseByHand), sse, _block.Capture(TypedSseByHand));
        Verify.Same(nameof(TypedSse), sse, _block.Capture(TypedSse));
        Verify.Same(nameof(TypedNdjson), Verify.Repeat(Encoding.UTF8.GetBytes($"{Json}\n"), Frames), _block.Capture(TypedNdjson));
        Verify.Same(nameof(GaiEventsNdjson), Encoding.UTF8.GetBytes(EventRecords()), _block.Capture(GaiEventsNdjson));
    }

    /// <summary>A type of the application by a reused Utf8JsonWriter and source-generated JSON.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Frames)]
    public void TypedSseByHand()
    {
        for (int i = 0; i < Frames; i++)
        {
            _block.Write("data: "u8);
            _json.Reset();
            JsonSerializer.Serialize(_json, _row, RowJson.Default.Row);
            _json.Flush();
            _block.Write("\n\n"u8);
        }
    }

    /// <summary>The same in the plain dialect over SSE.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void TypedSse()
    {
        for (int i = 0; i < Frames; i++)
        {
            _sse.WriteEvent(_frames, _row);
            _frames.Commit();
        }

        _frames.Publish();
    }

    /// <summary>The same in the plain dialect over NDJSON.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void TypedNdjson()
    {
        for (int i = 0; i < Frames; i++)
        {
            _ndjson.WriteEvent(_frames, _row);
            _frames.Commit();
        }

        _frames.Publish();
    }

    /// <summary>A text delta as a record of gai.events.v1, of a new stream each time.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void GaiEventsNdjson()
    {
        var dialect = new GaiEventsDialect(DialectSettings.Default, StreamFormat.Ndjson, new StreamIdentity("r", "t"));
        for (int i = 0; i < Frames; i++)
        {
            dialect.WriteEvent(_frames, _event);
            _frames.Commit();
        }

        _frames.Publish();
    }

    private static string EventRecords() => string.Concat(Enumerable.Range(1, Frames).Select(seq =>
        "{\"schema\":\"gai.events.v1\",\"type\":\"text.delta\",\"ts\":1763805600123,\"seq\":" + seq +
        ",\"trace_id\":\"t\",\"request_id\":\"r\",\"text\":\"Hello!\"}\n"));
}

/// <summary>A type of the application.</summary>
/// <param name="Id">A number.</param>
/// <param name="Name">A text.</param>
/// <param name="Price">A number with a point.</param>
/// <param name="InStock">A truth.</param>
public sealed record Row(int Id, string Name, double Price, bool InStock);

/// <summary>How it is serialized.</summary>
[JsonSerializable(typeof(Row))]
public sealed partial class RowJson : JsonSerializerContext;
