using System.Text;

namespace Gai.Pipelines.Tests.Readers;

/// <summary>
/// Streams that have exhausted the memory or the time of other readers. Each ends in the error of a limit, holds no more than
/// that limit allows, and is looked at once: the work is counted in bytes that the reader had to be given, not in time.
/// </summary>
public sealed class ReaderAttackTests
{
    private const int Megabyte = 1024 * 1024;

    // A limit of 1 MiB is reached by doubling: at the end two buffers are rented, of the limit's size and half of it. The
    // rest is enumerators, the exception with its stack trace, and what the test framework does meanwhile.
    private const long Slack = 3 * Megabyte;

    [Theory]
    [InlineData(64 * 1024)]
    [InlineData(4096)]
    public async Task ReadAsync_SseLineWithoutEnd_EndsInTheLimitsError(int readSize)
    {
        var pipe = new FillPipeReader("a"u8.ToArray(), readSize, 100L * Megabyte);
        StreamReadException failure = await AssertSseFailsAsync(pipe, new SseReaderOptions(), StreamReadError.TooLarge);
        Assert.Equal("event 1 (byte 0): a line of it has more than 1,048,576 bytes. Send shorter lines or raise MaxLineBytes.", failure.Message);
        AssertStopped(pipe, Megabyte, readSize);
    }

    [Fact]
    public async Task ReadAsync_SseCommentWithoutEnd_EndsInTheLimitsError()
    {
        var pipe = new FillPipeReader(":"u8.ToArray(), 4096, 100L * Megabyte);
        await AssertSseFailsAsync(pipe, new SseReaderOptions(), StreamReadError.TooLarge);
        AssertStopped(pipe, Megabyte, 4096);
    }

    [Fact]
    public async Task ReadAsync_TenMillionTinyDataLines_EndsInTheLimitsError()
    {
        var pipe = new FillPipeReader("data:\n"u8.ToArray(), 4096, 10_000_000L * 6);
        StreamReadException failure = await AssertSseFailsAsync(pipe, new SseReaderOptions(), StreamReadError.TooManyLines);
        Assert.Equal("event 1 (byte 0): it has more than 65,536 lines. End events with a blank line, or raise MaxEventLines.", failure.Message);
        AssertStopped(pipe, 65_537 * 6, 4096);
    }

    [Fact]
    public async Task ReadAsync_TenMillionTinyDataLinesWithoutLimitOnLines_EndsInTheLimitOnBytes()
    {
        var pipe = new FillPipeReader("data:\n"u8.ToArray(), 4096, 10_000_000L * 6);
        var options = new SseReaderOptions { MaxEventLines = int.MaxValue, MaxEventBytes = Megabyte };
        await AssertSseFailsAsync(pipe, options, StreamReadError.TooLarge);
        AssertStopped(pipe, ((Megabyte / 5) + 1) * 6, 4096);
    }

    [Fact]
    public async Task ReadAsync_TenMillionCommentsAndIds_KeepsNothingOfThem()
    {
        var pipe = new FillPipeReader(":\nid:1\n\n"u8.ToArray(), 4096, 10_000_000L * 8);
        long held = await AllocatedByAsync(async () => Assert.Equal(0, await CountEventsAsync(pipe, new SseReaderOptions())));
        Assert.InRange(held, 0, Megabyte);
        Assert.Equal(10_000_000L * 8, pipe.BytesOffered);
    }

    [Fact]
    public async Task ReadAsync_SseLineOfTwoMegabytesByteByByte_IsLookedAtOnce()
    {
        // The first megabyte of it, since there the limit ends it; then all of it, with a limit that lets it pass.
        var pipe = new FillPipeReader("a"u8.ToArray(), 1, 2L * Megabyte);
        await AssertSseFailsAsync(pipe, new SseReaderOptions(), StreamReadError.TooLarge);
        AssertStopped(pipe, Megabyte, 1);

        pipe = new FillPipeReader("a"u8.ToArray(), 1, 2L * Megabyte);
        Assert.Equal(0, await CountEventsAsync(pipe, new SseReaderOptions { MaxLineBytes = 2 * Megabyte }));
        Assert.Equal(2L * Megabyte, pipe.BytesOffered);
    }

    [Theory]
    [InlineData(64 * 1024)]
    [InlineData(4096)]
    public async Task ReadAsync_NdjsonLineWithoutEnd_EndsInTheLimitsError(int readSize)
    {
        var pipe = new FillPipeReader("1"u8.ToArray(), readSize, 100L * Megabyte);
        StreamReadException failure = await AssertNdjsonFailsAsync(pipe, new NdjsonReaderOptions());
        Assert.Equal("record 1 (byte 0): it has more than 1,048,576 bytes. Send smaller records or raise MaxRecordBytes.", failure.Message);
        AssertStopped(pipe, Megabyte, readSize);
    }

    [Fact]
    public async Task ReadAsync_NdjsonLineWithoutEndPassedOver_HoldsNoMoreThanTheLimit()
    {
        var bad = new List<StreamReadException>();
        var pipe = new FillPipeReader("1"u8.ToArray(), 4096, 100L * Megabyte);
        long held = await AllocatedByAsync(async () =>
            Assert.Equal(0, await CountRecordsAsync(pipe, new NdjsonReaderOptions { OnBadRecord = bad.Add })));
        Assert.Equal(StreamReadError.TooLarge, Assert.Single(bad).Error);
        Assert.Equal(100L * Megabyte, pipe.BytesOffered);
        Assert.InRange(held, 0, Slack);
    }

    [Fact]
    public async Task ReadAsync_TenMillionBlankNdjsonLines_KeepsNothingOfThem()
    {
        var pipe = new FillPipeReader(" \r\n"u8.ToArray(), 4096, 10_000_000L * 3);
        long held = await AllocatedByAsync(async () => Assert.Equal(0, await CountRecordsAsync(pipe, new NdjsonReaderOptions())));
        Assert.InRange(held, 0, Megabyte);
        Assert.Equal(10_000_000L * 3, pipe.BytesOffered);
    }

    [Fact]
    public async Task ReadAsync_NdjsonLineOfTwoMegabytesByteByByte_IsLookedAtOnce()
    {
        var pipe = new FillPipeReader("1"u8.ToArray(), 1, 2L * Megabyte);
        await AssertNdjsonFailsAsync(pipe, new NdjsonReaderOptions());
        AssertStopped(pipe, Megabyte, 1);

        pipe = new FillPipeReader(" "u8.ToArray(), 1, 2L * Megabyte);
        Assert.Equal(0, await CountRecordsAsync(pipe, new NdjsonReaderOptions { MaxRecordBytes = 2 * Megabyte }));
        Assert.Equal(2L * Megabyte, pipe.BytesOffered);
    }

    [Fact]
    public async Task ReadAsync_NestedNdjson_EndsInAnError()
    {
        byte[] nested = Encoding.ASCII.GetBytes(new string('[', 900_000) + "\n");
        await Assert.ThrowsAsync<StreamReadException>(() => CountRecordsAsync(PieceReader.Of(nested), new NdjsonReaderOptions()));
    }

    private static async Task<StreamReadException> AssertSseFailsAsync(FillPipeReader pipe, SseReaderOptions options, StreamReadError error)
    {
        StreamReadException? failure = null;
        long held = await AllocatedByAsync(async () => failure = await Assert.ThrowsAsync<StreamReadException>(() => CountEventsAsync(pipe, options)));
        Assert.InRange(held, 0, Slack);
        Assert.Equal(error, failure!.Error);
        return failure;
    }

    private static async Task<StreamReadException> AssertNdjsonFailsAsync(FillPipeReader pipe, NdjsonReaderOptions options)
    {
        StreamReadException? failure = null;
        long held = await AllocatedByAsync(async () => failure = await Assert.ThrowsAsync<StreamReadException>(() => CountRecordsAsync(pipe, options)));
        Assert.InRange(held, 0, Slack);
        Assert.Equal(StreamReadError.TooLarge, failure!.Error);
        return failure;
    }

    /// <summary>The reader has stopped in the read that held the first byte beyond the limit, and was given nothing twice.</summary>
    private static void AssertStopped(FillPipeReader pipe, long limit, int readSize)
    {
        Assert.Equal(((limit / readSize) + 1) * readSize, pipe.BytesOffered);
        Assert.InRange(pipe.BytesTaken, 0, pipe.BytesOffered);
    }

    /// <summary>What is allocated bounds what is held; all of it happens on this thread, since nothing is awaited that is not ready.</summary>
    private static async Task<long> AllocatedByAsync(Func<Task> read)
    {
        int thread = Environment.CurrentManagedThreadId;
        long before = GC.GetAllocatedBytesForCurrentThread();
        await read();
        Assert.Equal(thread, Environment.CurrentManagedThreadId);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static async Task<int> CountEventsAsync(System.IO.Pipelines.PipeReader pipe, SseReaderOptions options)
    {
        int events = 0;
        await foreach (SseFrame frame in new SseReader(pipe, options).ReadAsync())
        {
            events++;
        }

        return events;
    }

    private static async Task<int> CountRecordsAsync(System.IO.Pipelines.PipeReader pipe, NdjsonReaderOptions options)
    {
        int records = 0;
        await foreach (int record in NdjsonReader.ReadAsync(pipe, ReaderJson.Default.Int32, options))
        {
            records++;
        }

        return records;
    }
}
