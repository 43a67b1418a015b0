using System.Buffers;
using System.Net.ServerSentEvents;
using System.Text.Encodings.Web;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Gai.Pipelines.Benchmarks.Sinks;

namespace Gai.Pipelines.Benchmarks.Pump;

/// <summary>A stream of 1,000 text deltas "Hello!" from an async iterator into nothing: our pump, and the framework's formatter.</summary>
/// <remarks>
/// The framework is shown three times, since what it does depends on its formatter: a string that is JSON already
/// (nobody escapes anything), a Utf8JsonWriter, and finished bytes. Our pump gets no such help.
/// </remarks>
[MemoryDiagnoser]
public class PumpClaims
{
    private const int Events = 1_000;

    private static readonly JsonEncodedText TextName = JsonEncodedText.Encode("text");

    private readonly NullPipeWriter _output = new();
    private readonly StreamEvent _event = StreamEvent.TextDelta("Hello!");
    private readonly Utf8JsonWriter _json = new(
        Stream.Null,
        new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });

    private static ReadOnlySpan<byte> Frame => "event: text_delta\ndata: {\"text\":\"Hello!\"}\n\n"u8;

    private static ReadOnlySpan<byte> Done => "id: gai.done\nevent: done\ndata: {\"finished\":true}\n\n"u8;

    /// <summary>Compares what the contenders write.</summary>
    [GlobalSetup]
    public void Setup()
    {
        byte[] expected = Verify.Repeat(Frame, Events);
        Verify.Same(nameof(Gai), Verify.Repeat(Frame, Events, Done), _output.Capture(Gai));
        Verify.Same(nameof(FormatterOfStrings), expected, Capture(FormatStringsAsync));
        Verify.Same(nameof(FormatterWithJsonWriter), expected, Capture(FormatEventsAsync));
        Verify.Same(nameof(FormatterOfBytes), expected, Capture(FormatBytesAsync));
    }

    /// <summary>The framework, given strings that are JSON already.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Events)]
    public Task FormatterOfStrings() => FormatStringsAsync(Stream.Null);

    /// <summary>The framework, with a reused Utf8JsonWriter as its formatter.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task FormatterWithJsonWriter() => FormatEventsAsync(Stream.Null);

    /// <summary>The framework, with a formatter that copies finished bytes.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task FormatterOfBytes() => FormatBytesAsync(Stream.Null);

    /// <summary>Ours.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task Gai() => new EventPump<StreamEvent>(
        StreamSource.From(EventsAsync()),
        new GaiSseDialect(DialectSettings.Default),
        _output,
        PumpSettings.Default).RunAsync();

    /// <summary>What nobody can save: the async iterator alone.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public async Task<int> IteratorAlone()
    {
        int events = 0;
        await foreach (StreamEvent item in EventsAsync())
        {
            events += (int)item.Type;
        }

        return events;
    }

    private static byte[] Capture(Func<Stream, Task> format)
    {
        var written = new MemoryStream();
        format(written).GetAwaiter().GetResult();
        return written.ToArray();
    }

    private Task FormatStringsAsync(Stream output) => SseFormatter.WriteAsync(StringsAsync(), output);

    private Task FormatEventsAsync(Stream output) => SseFormatter.WriteAsync(ItemsAsync(), output, WriteJson);

    private Task FormatBytesAsync(Stream output) => SseFormatter.WriteAsync(ItemsAsync(), output, WriteBytes);

    private void WriteJson(SseItem<StreamEvent> item, IBufferWriter<byte> output)
    {
        _json.Reset(output);
        _json.WriteStartObject();
        _json.WriteString(TextName, item.Data.Text.String);
        _json.WriteEndObject();
        _json.Flush();
    }

    private static void WriteBytes(SseItem<StreamEvent> item, IBufferWriter<byte> output) => output.Write("{\"text\":\"Hello!\"}"u8);

#pragma warning disable CS1998 // An async iterator that has everything ready never awaits.
    private async IAsyncEnumerable<StreamEvent> EventsAsync()
    {
        for (int i = 0; i < Events; i++)
        {
            yield return _event;
        }
    }

    private async IAsyncEnumerable<SseItem<StreamEvent>> ItemsAsync()
    {
        for (int i = 0; i < Events; i++)
        {
            yield return new SseItem<StreamEvent>(_event, "text_delta");
        }
    }

    private async IAsyncEnumerable<SseItem<string>> StringsAsync()
    {
        for (int i = 0; i < Events; i++)
        {
            yield return new SseItem<string>("{\"text\":\"Hello!\"}", "text_delta");
        }
    }
#pragma warning restore CS1998
}
