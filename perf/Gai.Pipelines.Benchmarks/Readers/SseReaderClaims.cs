using System.Buffers;
using System.IO.Pipelines;
using System.Net.ServerSentEvents;
using BenchmarkDotNet.Attributes;
using Gai.Pipelines.Benchmarks.Sinks;

namespace Gai.Pipelines.Benchmarks.Readers;

/// <summary>A stream of text deltas, of which the data is looked at as bytes: our reader and the framework's, whose item parser only counts.</summary>
public abstract class SseReaderContest
{
    private protected const int Events = 10_000;

    private readonly byte[] _bytes;
    private readonly ReadOnlySequence<byte> _blocks;

    private protected SseReaderContest(ReadOnlySpan<byte> frame)
    {
        _bytes = Verify.Repeat(frame, Events);
        _blocks = Blocks.Of(_bytes);
    }

    /// <summary>Compares what the contenders read.</summary>
    [GlobalSetup]
    public void Setup()
    {
        long expected = Events * (long)"{\"text\":\"Hello!\"}".Length;
        Verify.SameSum(nameof(Gai), expected, Gai().GetAwaiter().GetResult());
        Verify.SameSum(nameof(GaiOfPipe), expected, GaiOfPipe().GetAwaiter().GetResult());
        Verify.SameSum(nameof(Framework), expected, Framework().GetAwaiter().GetResult());
    }

    /// <summary>The framework's.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Events)]
    public async Task<long> Framework()
    {
        long sum = 0;
        SseParser<int> parser = SseParser.Create(new MemoryStream(_bytes), static (_, data) => data.Length);
        await foreach (SseItem<int> item in parser.EnumerateAsync())
        {
            sum += item.Data;
        }

        return sum;
    }

    /// <summary>Ours, from the same stream.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task<long> Gai() => SumAsync(new SseReader(new MemoryStream(_bytes)));

    /// <summary>Ours, from a pipe.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task<long> GaiOfPipe() => SumAsync(new SseReader(PipeReader.Create(_blocks)));

    private static async Task<long> SumAsync(SseReader reader)
    {
        long sum = 0;
        await foreach (SseFrame frame in reader.ReadAsync())
        {
            sum += frame.DataUtf8.Length;
        }

        return sum;
    }
}

/// <summary>Events of the gai dialect: a name and one line of data.</summary>
[MemoryDiagnoser]
public class SseReaderClaims() : SseReaderContest("event: text_delta\ndata: {\"text\":\"Hello!\"}\n\n"u8);

/// <summary>Events as most vendors send them: one line of data and nothing else.</summary>
[MemoryDiagnoser]
public class SseReaderDataClaims() : SseReaderContest("data: {\"text\":\"Hello!\"}\n\n"u8);
