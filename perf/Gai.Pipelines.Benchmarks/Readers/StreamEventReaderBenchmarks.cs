using System.Buffers;
using System.IO.Pipelines;
using System.Net.ServerSentEvents;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Gai.Pipelines.Benchmarks.Sinks;

namespace Gai.Pipelines.Benchmarks.Readers;

/// <summary>10,000 text deltas read back into events, from each of our dialects, beside the framework's parser and a deserializer. For information.</summary>
/// <remarks>The events own their text: each makes a string.</remarks>
[MemoryDiagnoser]
public class StreamEventReaderBenchmarks
{
    private const int Events = 10_000;

    private readonly byte[] _gaiSse = Write(new GaiSseDialect(DialectSettings.Default));
    private readonly ReadOnlySequence<byte> _gaiSseBlocks;
    private readonly ReadOnlySequence<byte> _gaiNdjsonBlocks = Blocks.Of(Write(new GaiNdjsonDialect(DialectSettings.Default)));
    private readonly ReadOnlySequence<byte> _gaiEventsBlocks = Blocks.Of(Write(new GaiEventsDialect(DialectSettings.Default, StreamFormat.Ndjson, new StreamIdentity("r", "t"))));

    /// <summary>Prepares the streams.</summary>
    public StreamEventReaderBenchmarks() => _gaiSseBlocks = Blocks.Of(_gaiSse);

    /// <summary>Compares what the contenders read.</summary>
    [GlobalSetup]
    public void Setup()
    {
        const long Expected = Events * 6;
        Verify.SameSum(nameof(Framework), Expected, Framework().GetAwaiter().GetResult());
        Verify.SameSum(nameof(GaiSse), Expected, GaiSse().GetAwaiter().GetResult());
        Verify.SameSum(nameof(GaiNdjson), Expected, GaiNdjson().GetAwaiter().GetResult());
        Verify.SameSum(nameof(GaiEventsNdjson), Expected, GaiEventsNdjson().GetAwaiter().GetResult());
    }

    /// <summary>The framework: SseParser, and each text delta deserialized.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Events)]
    public async Task<long> Framework()
    {
        long sum = 0;
        SseParser<Piece?> parser = SseParser.Create(
            new MemoryStream(_gaiSse), static (type, data) => type == "text_delta" ? JsonSerializer.Deserialize(data, PieceJson.Default.Piece) : null);
        await foreach (SseItem<Piece?> item in parser.EnumerateAsync())
        {
            sum += item.Data?.Text.Length ?? 0;
        }

        return sum;
    }

    /// <summary>Ours, gai over SSE.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task<long> GaiSse() => SumAsync(_gaiSseBlocks, StreamFormat.ServerSentEvents);

    /// <summary>Ours, gai as records.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task<long> GaiNdjson() => SumAsync(_gaiNdjsonBlocks, StreamFormat.Ndjson);

    /// <summary>Ours, gai.events.v1 as records.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task<long> GaiEventsNdjson() => SumAsync(_gaiEventsBlocks, StreamFormat.Ndjson);

    private static byte[] Write(Dialect<StreamEvent> dialect)
    {
        var block = new BlockWriter();
        var frames = new FrameWriter(block);
        return block.Capture(() =>
        {
            for (int i = 0; i < Events; i++)
            {
                dialect.WriteEvent(frames, StreamEvent.TextDelta("Hello!"));
                frames.Commit();
            }

            dialect.WriteEnd(frames);
            frames.Commit();
            frames.Publish();
        });
    }

    private static async Task<long> SumAsync(ReadOnlySequence<byte> bytes, StreamFormat format)
    {
        long sum = 0;
        await foreach (StreamEvent item in StreamEventReader.ReadAsync(PipeReader.Create(bytes), format))
        {
            sum += item.Text.ToString().Length;
        }

        return sum;
    }
}
