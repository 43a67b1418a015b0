using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using BenchmarkDotNet.Attributes;
using Gai.Pipelines.Benchmarks.Sinks;

namespace Gai.Pipelines.Benchmarks.Readers;

/// <summary>A small record.</summary>
public sealed record ReadRow(int Id, string Name, double Score, bool Active);

/// <summary>How rows are deserialized, by everybody.</summary>
[JsonSerializable(typeof(ReadRow))]
internal sealed partial class ReadRowJson : JsonSerializerContext;

/// <summary>10,000 small records of NDJSON: our reader, the framework's, and a bare deserializer that is told where each record is.</summary>
/// <remarks>Readers get the bytes as a stream in memory, or in a pipe's blocks of 4 KiB. The bare deserializer needs neither; it is the floor.</remarks>
[MemoryDiagnoser]
public class NdjsonReaderClaims
{
    private const int Records = 10_000;

    private readonly byte[] _bytes;
    private readonly List<Range> _records = [];
    private readonly ReadOnlySequence<byte> _blocks;

    public NdjsonReaderClaims()
    {
        var text = new StringBuilder();
        for (int i = 0; i < Records; i++)
        {
            int start = text.Length;
            text.Append(CultureInfo.InvariantCulture, $"{{\"Id\":{i},\"Name\":\"row {i % 100}\",\"Score\":{i / 7.0:0.00},\"Active\":{(i % 2 == 0 ? "true" : "false")}}}");
            _records.Add(start..text.Length);
            text.Append('\n');
        }

        _bytes = Encoding.ASCII.GetBytes(text.ToString());
        _blocks = Blocks.Of(_bytes);
    }

    /// <summary>Compares what the contenders read.</summary>
    [GlobalSetup]
    public void Setup()
    {
        long expected = BareDeserialize();
        Verify.SameSum(nameof(Gai), expected, Gai().GetAwaiter().GetResult());
        Verify.SameSum(nameof(GaiOfStream), expected, GaiOfStream().GetAwaiter().GetResult());
        Verify.SameSum(nameof(TopLevelValues), expected, TopLevelValues().GetAwaiter().GetResult());
        Verify.SameSum(nameof(TopLevelValuesOfStream), expected, TopLevelValuesOfStream().GetAwaiter().GetResult());
    }

    /// <summary>The floor.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Records)]
    public long BareDeserialize()
    {
        long sum = 0;
        foreach (Range record in _records)
        {
            sum += Sum(JsonSerializer.Deserialize(_bytes.AsSpan(record), ReadRowJson.Default.ReadRow));
        }

        return sum;
    }

    /// <summary>Ours, from a pipe.</summary>
    [Benchmark(OperationsPerInvoke = Records)]
    public Task<long> Gai() => SumAsync(NdjsonReader.ReadAsync(PipeReader.Create(_blocks), ReadRowJson.Default.ReadRow));

    /// <summary>Ours, from a stream.</summary>
    [Benchmark(OperationsPerInvoke = Records)]
    public Task<long> GaiOfStream() => SumAsync(NdjsonReader.ReadAsync(new MemoryStream(_bytes), ReadRowJson.Default.ReadRow));

    /// <summary>The framework's, from a pipe.</summary>
    [Benchmark(OperationsPerInvoke = Records)]
    public Task<long> TopLevelValues() =>
        SumAsync(JsonSerializer.DeserializeAsyncEnumerable(PipeReader.Create(_blocks), ReadRowJson.Default.ReadRow, topLevelValues: true));

    /// <summary>The framework's, from a stream.</summary>
    [Benchmark(OperationsPerInvoke = Records)]
    public Task<long> TopLevelValuesOfStream() =>
        SumAsync(JsonSerializer.DeserializeAsyncEnumerable(new MemoryStream(_bytes), ReadRowJson.Default.ReadRow, topLevelValues: true));

    private static async Task<long> SumAsync(IAsyncEnumerable<ReadRow?> rows)
    {
        long sum = 0;
        await foreach (ReadRow? row in rows)
        {
            sum += Sum(row);
        }

        return sum;
    }

    private static long Sum(ReadRow? row) => row!.Id + row.Name.Length + (long)row.Score + (row.Active ? 1 : 0);
}
