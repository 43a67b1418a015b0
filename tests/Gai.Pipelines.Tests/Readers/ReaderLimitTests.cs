namespace Gai.Pipelines.Tests.Readers;

/// <summary>What is as large as a limit passes and what is larger by one does not, however the bytes come.</summary>
public sealed class ReaderLimitTests
{
    [Theory]
    [InlineData("data:12345\n\n", true)]
    [InlineData("data:123456\n\n", false)]
    [InlineData("data:12345\r\n\r\n", true)]
    [InlineData("data:123456\r\n\r\n", false)]
    [InlineData("data:12345\r\r", true)]
    [InlineData("data:123456\r\r", false)]
    [InlineData("\uFEFFdata:12345\n\n", true)]
    [InlineData("\uFEFFdata:123456\n\n", false)]
    [InlineData("data:12345\ndata:12345\n\n", true)]
    [InlineData("data:1\n\n: 89012345", true)]
    [InlineData("data:1\n\n: 890123456", false)]
    [InlineData("data:1\n\n:901234567\n", true)]
    [InlineData("data:1\n\n:9012345678\n", false)]
    public Task ReadAsync_SseLine_PassesUpToMaxLineBytes(string stream, bool passes) =>
        AssertSseAsync(stream, passes, new SseReaderOptions { MaxLineBytes = 10 }, StreamReadError.TooLarge);

    [Theory]
    [InlineData("data:12345\nid:7\nx:8901\n\n", true)]
    [InlineData("data:12345\nid:7\nx:89012\n\n", false)]
    [InlineData("data:12345\r\nid:7\r\nx:8901\r\n\r\n", true)]
    [InlineData("data:12345\r\nid:7\r\nx:89012\r\n\r\n", false)]
    [InlineData("\uFEFFdata:12345\rid:7\rx:8901\r\r", true)]
    [InlineData("\uFEFFdata:12345\rid:7\rx:89012\r\r", false)]
    [InlineData("data:12345\n: not counted\nid:7\nx:8901\n\n", true)]
    [InlineData("id:7\nx:8901\n\ndata:12345\nid:7\nx:8901\n\n", true)]
    [InlineData("id:7890\nx:8901\nx:8901\nx:8901\n\n", false)]
    [InlineData("x:89012345678901234567\n\n", false)]
    public Task ReadAsync_SseEvent_PassesUpToMaxEventBytes(string stream, bool passes) =>
        AssertSseAsync(stream, passes, new SseReaderOptions { MaxEventBytes = 20 }, StreamReadError.TooLarge);

    [Theory]
    [InlineData("data\nid\nx\n\n", true)]
    [InlineData("data\nid\nx\ny\n\n", false)]
    [InlineData("data\r\nid\r\nx\r\n\r\n", true)]
    [InlineData("data\r\nid\r\nx\r\ny\r\n\r\n", false)]
    [InlineData("\uFEFFdata\nid\nx\ny\n\n", false)]
    [InlineData("data\n:a\n:b\nid\n:c\n\n", true)]
    [InlineData("data\n\nid\nid\n\ndata\nid\nx\n\n", true)]
    [InlineData("id\nid\nid\nid\n\n", false)]
    public Task ReadAsync_SseEvent_PassesUpToMaxEventLines(string stream, bool passes) =>
        AssertSseAsync(stream, passes, new SseReaderOptions { MaxEventLines = 3 }, StreamReadError.TooManyLines);

    [Theory]
    [InlineData("1234567890\n", true)]
    [InlineData("12345678901\n", false)]
    [InlineData("1234567890\r\n", true)]
    [InlineData("12345678901\r\n", false)]
    [InlineData("\uFEFF1234567890\n", true)]
    [InlineData("\uFEFF12345678901\n", false)]
    [InlineData("1\n1234567890", true)]
    [InlineData("1\n12345678901", false)]
    [InlineData("1\n1234567890\r", true)]
    [InlineData("1\n          1\r\n", false)]
    [InlineData("1\n\r\n\n1234567890\n", true)]
    [InlineData("1\n          \n1\n", true)]
    public async Task ReadAsync_Record_PassesUpToMaxRecordBytes(string stream, bool passes) =>
        await Collected.InAllLayoutsAsync(stream, async pipe =>
        {
            (List<long> records, Exception? failure) = await Collected.RecordsAsync(pipe, ReaderJson.Default.Int64, new NdjsonReaderOptions { MaxRecordBytes = 10 });
            Assert.Equal(passes ? null : StreamReadError.TooLarge, (failure as StreamReadException)?.Error);
            Assert.Equal(passes, failure is null);
        });

    [Fact]
    public async Task ReadAsync_RecordTooLongPassedOver_GoesOnWithTheNext() =>
        await Collected.InAllLayoutsAsync("1\n22222\n3\r\n44444\r\n5\n666666666\n7", async pipe =>
        {
            var bad = new List<StreamReadException>();
            (List<long> records, Exception? failure) = await Collected.RecordsAsync(
                pipe, ReaderJson.Default.Int64, new NdjsonReaderOptions { MaxRecordBytes = 4, OnBadRecord = bad.Add });
            Assert.Null(failure);
            Assert.Equal([1, 3, 5, 7], records);
            Assert.Equal([(2L, 2L), (4L, 11L), (6L, 20L)], bad.Select(one => (one.Number, one.ByteOffset)));
        });

    [Theory]
    [InlineData("data: a\n\ndata:123456\n\n", 2, 9)]
    [InlineData("data: a\r\n\r\ndata:123456\n\n", 2, 11)]
    [InlineData("data: a\r\rdata:123456\n\n", 2, 9)]
    [InlineData("\uFEFFdata:123456\n\n", 1, 3)]
    [InlineData("\uFEFFid: 1\r\n\r\n\r\ndata:123456\n\n", 1, 14)]
    public async Task ReadAsync_SseLimit_SaysWhichEventAndWhere(string stream, long number, long offset) =>
        await Collected.InAllLayoutsAsync(stream, async pipe =>
        {
            (_, Exception? failure) = await Collected.EventsAsync(pipe, new SseReaderOptions { MaxLineBytes = 10 });
            var error = Assert.IsType<StreamReadException>(failure);
            Assert.Equal((number, offset), (error.Number, error.ByteOffset));
            Assert.Equal($"event {number} (byte {offset}): a line of it has more than 10 bytes. Send shorter lines or raise MaxLineBytes.", error.Message);
        });

    [Fact]
    public void Options_LimitThatNothingMeets_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>("MaxLineBytes", () => new SseReaderOptions { MaxLineBytes = 0 });
        Assert.Throws<ArgumentOutOfRangeException>("MaxEventBytes", () => new SseReaderOptions { MaxEventBytes = 0 });
        Assert.Throws<ArgumentOutOfRangeException>("MaxEventLines", () => new SseReaderOptions { MaxEventLines = -1 });
        Assert.Throws<ArgumentOutOfRangeException>("MaxRecordBytes", () => new NdjsonReaderOptions { MaxRecordBytes = 0 });
        Assert.Throws<ArgumentOutOfRangeException>("MaxDepth", () => new NdjsonReaderOptions { MaxDepth = -1 });
    }

    private static async Task AssertSseAsync(string stream, bool passes, SseReaderOptions options, StreamReadError error) =>
        await Collected.InAllLayoutsAsync(stream, async pipe =>
        {
            (_, Exception? failure) = await Collected.EventsAsync(pipe, options);
            Assert.Equal(passes ? null : error, (failure as StreamReadException)?.Error);
            Assert.Equal(passes, failure is null);
        });
}
