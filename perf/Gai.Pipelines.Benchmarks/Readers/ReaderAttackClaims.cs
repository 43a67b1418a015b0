using System.Text.Json.Serialization;
using BenchmarkDotNet.Attributes;

namespace Gai.Pipelines.Benchmarks.Readers;

/// <summary>How numbers are deserialized.</summary>
[JsonSerializable(typeof(int))]
internal sealed partial class AttackJson : JsonSerializerContext;

/// <summary>Streams that never end a line or an event, and so run into a limit: is the time linear in the bytes up to it?</summary>
/// <remarks>Each measurement reads the same number of bytes, as one stream at the large limit or as four at the small one. What is quadratic takes four times as long at the large one.</remarks>
[MemoryDiagnoser]
public class ReaderAttackClaims
{
    public const int SmallLimit = 256 * 1024;
    public const int LargeLimit = 4 * SmallLimit;

    private const int Block = 4096;

    /// <summary>Gets or sets the limit in bytes.</summary>
    [Params(SmallLimit, LargeLimit)]
    public int Limit { get; set; }

    /// <summary>A line of SSE that does not end, in blocks.</summary>
    [Benchmark]
    public Task SseWithoutLineEnd() => AttackSseAsync("a"u8.ToArray(), Block);

    /// <summary>Lines of data without a blank line.</summary>
    [Benchmark]
    public Task SseTinyLines() => AttackSseAsync("data:\n"u8.ToArray(), Block);

    /// <summary>A line of SSE, one byte at a time.</summary>
    [Benchmark]
    public Task SseByteByByte() => AttackSseAsync("a"u8.ToArray(), readSize: 1);

    /// <summary>A record that does not end, in blocks.</summary>
    [Benchmark]
    public Task NdjsonWithoutLineEnd() => AttackNdjsonAsync("1"u8.ToArray(), Block);

    /// <summary>A record, one byte at a time.</summary>
    [Benchmark]
    public Task NdjsonByteByByte() => AttackNdjsonAsync("1"u8.ToArray(), readSize: 1);

    private Task AttackSseAsync(byte[] pattern, int readSize)
    {
        var options = new SseReaderOptions { MaxLineBytes = Limit, MaxEventBytes = int.MaxValue, MaxEventLines = Limit / pattern.Length };
        return AttackAsync(pattern, readSize, pipe => new SseReader(pipe, options).ReadAsync());
    }

    private Task AttackNdjsonAsync(byte[] pattern, int readSize)
    {
        var options = new NdjsonReaderOptions { MaxRecordBytes = Limit };
        return AttackAsync(pattern, readSize, pipe => NdjsonReader.ReadAsync(pipe, AttackJson.Default.Int32, options));
    }

    private async Task AttackAsync<T>(byte[] pattern, int readSize, Func<EndlessPipeReader, IAsyncEnumerable<T>> read)
    {
        for (int bytes = 0; bytes < LargeLimit; bytes += Limit)
        {
            var pipe = new EndlessPipeReader(pattern, readSize);
            try
            {
                await foreach (T item in read(pipe))
                {
                    throw new InvalidOperationException($"The attack brought {item}; it must bring nothing.");
                }
            }
            catch (StreamReadException failure) when (failure.Error is StreamReadError.TooLarge or StreamReadError.TooManyLines)
            {
            }

            if (Math.Abs(pipe.BytesTaken - Limit) > 2 * Block)
            {
                throw new InvalidOperationException($"The attack ended at byte {pipe.BytesTaken}; it must end at the limit of {Limit}.");
            }
        }
    }
}
