using System.IO.Pipelines;
using System.Text;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Readers;

/// <summary>What the matrix does not see: callbacks, what is left after the end, memory, and how reading stops.</summary>
public sealed class SseReaderTests
{
    [Fact]
    public async Task ReadAsync_Comments_AreOfferedWithTheirText() =>
        await Collected.InAllLayoutsAsync(": keep-alive\n:\r\n:x: \u20AC\n\ndata: a\n: between\n\n: not ended", async pipe =>
        {
            var comments = new List<string>();
            var options = new SseReaderOptions { OnComment = text => comments.Add(Encoding.UTF8.GetString(text.Span)) };
            Assert.Equal(["a"], (await Collected.EventsAsync(pipe, options)).Items);
            Assert.Equal([" keep-alive", "", "x: \u20AC", " between"], comments);
        });

    [Fact]
    public async Task ReadAsync_FieldsWithoutColon_AreEmpty() =>
        await Collected.InAllLayoutsAsync("event\ndata\n\ndata\ndata\nid\n\nid: 1\ndata\n\n", async pipe =>
        {
            SseLog log = await SseReaderMatrixTests.ReadAsync(pipe);
            Assert.Equal([new SseSeen("message", "", ""), new SseSeen("message", "\n", "", ""), new SseSeen("message", "", "1", "1")], log.Events);
        });

    [Fact]
    public async Task LastEventId_AfterTheEnd_IsThatOfTheLastEndedBlock() =>
        await Collected.InAllLayoutsAsync("id: 1\ndata: a\n\nid: 2\n\nretry: 700\nid: 3\ndata: b", async pipe =>
        {
            var reader = new SseReader(pipe);
            Assert.Equal(string.Empty, reader.LastEventId);
            Assert.Null(reader.ReconnectionTime);
            Assert.Equal(["a"], (await Collected.AllAsync(Collected.DataAsync(reader))).Items);
            Assert.Equal("2", reader.LastEventId);
            Assert.Equal(TimeSpan.FromMilliseconds(700), reader.ReconnectionTime);
        });

    [Fact]
    public async Task LastEventId_AfterAnError_IsThere()
    {
        var reader = new SseReader(Collected.Pipe("id: \u20AC1\ndata: a\n\ndata: 12345678901234\n\n"), new SseReaderOptions { MaxLineBytes = 12 });
        Assert.IsType<StreamReadException>((await Collected.AllAsync(Collected.DataAsync(reader))).Failure);
        Assert.Equal("\u20AC1", reader.LastEventId);
    }

    [Theory]
    [InlineData("0", 0.0)]
    [InlineData("00000000000000000000000000001500", 1500.0)]
    [InlineData("86400000", 86_400_000.0)]
    public async Task Retry_Digits_IsTheTime(string digits, double milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), await RetryAsync(digits));

    [Theory]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999999999999999999999999999999999")]
    public async Task Retry_HugeNumber_IsTheLongestTime(string digits) =>
        Assert.InRange((await RetryAsync(digits))!.Value, TimeSpan.FromDays(10_000_000), TimeSpan.MaxValue);

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5")]
    [InlineData("1e3")]
    [InlineData("10s")]
    [InlineData(" 10")]
    [InlineData("10 ")]
    [InlineData("\u0661")]
    [InlineData("1\0")]
    public async Task Retry_NotDigitsAlone_IsIgnored(string text) => Assert.Null(await RetryAsync(text));

    [Fact]
    public async Task ReadAsync_SplitValues_AreRightInEveryByte()
    {
        string line = new('x', 300);
        string stream = $"id: {line}1\nevent: {line}2\ndata: {line}3\ndata: {line}4\ndata:\n\nevent: {line}5\ndata: {line}6\n\n";
        await Collected.InAllLayoutsAsync(stream, async pipe =>
        {
            SseLog log = await SseReaderMatrixTests.ReadAsync(pipe);
            Assert.Equal(
                [
                    new SseSeen($"{line}2", $"{line}3\n{line}4\n", $"{line}1", $"{line}1"),
                    new SseSeen($"{line}5", $"{line}6", $"{line}1"),
                ],
                log.Events);
        });
    }

    [Fact]
    public async Task ReadAsync_EventBeforeABadOneInTheSameBuffer_IsDelivered()
    {
        (List<string> events, Exception? failure) = await Collected.EventsAsync(
            Collected.Pipe("data: a\n\ndata: b\n\ndata: 123456\n\n"), new SseReaderOptions { MaxLineBytes = 10 });
        Assert.Equal(["a", "b"], events);
        Assert.Equal(3, Assert.IsType<StreamReadException>(failure).Number);
    }

    [Fact]
    public async Task ReadAsync_Stopped_LeavesTheRestInThePipe() =>
        await Collected.InAllLayoutsAsync("data: a\n\ndata: b\n\ndata: c\n\n", async pipe =>
        {
            await foreach (SseFrame frame in new SseReader(pipe).ReadAsync(Collected.Stop))
            {
                if (frame.Data == "b")
                {
                    break;
                }
            }

            Assert.Equal("data: c\n\n", Encoding.UTF8.GetString(pipe.ReadRest()));
            Assert.False(pipe.IsCompleted);
        });

    [Fact]
    public async Task ReadAsync_AgainAfterABreak_GoesOnWithTheNextEvent() =>
        await Collected.InAllLayoutsAsync("data: 1\n\nid: 2\r\ndata: 2\r\n\r\n: c\ndata: 3\r\r", async pipe =>
        {
            var reader = new SseReader(pipe);
            var offsets = new List<long>();
            for (int i = 1; i <= 3; i++)
            {
                await foreach (SseFrame frame in reader.ReadAsync(Collected.Stop))
                {
                    Assert.Equal($"{i}", frame.Data);
                    offsets.Add(reader.EventOffset);
                    break;
                }
            }

            Assert.Equal([0L, 9L, 27L], offsets);
            Assert.Equal("2", reader.LastEventId);
            Assert.Empty((await Collected.AllAsync(Collected.DataAsync(reader))).Items);
            Assert.Null((await Collected.AllAsync(Collected.DataAsync(reader))).Failure);
        });

    [Fact]
    public async Task ReadAsync_AgainAfterABreakOfAStreamThatGoesOn_GivesNoEventTwice()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync("data: 1\n\ndata: 2\n\n"u8.ToArray(), Collected.Stop);
        var reader = new SseReader(pipe.Reader);
        await foreach (SseFrame frame in reader.ReadAsync(Collected.Stop))
        {
            Assert.Equal("1", frame.Data);
            break;
        }

        await using IAsyncEnumerator<SseFrame> each = reader.ReadAsync(Collected.Stop).GetAsyncEnumerator(Collected.Stop);
        Assert.True(await each.MoveNextAsync());
        Assert.Equal("2", each.Current.Data);
        ValueTask<bool> waiting = each.MoveNextAsync();
        await pipe.Writer.WriteAsync("data: 3\n\n"u8.ToArray(), Collected.Stop);
        Assert.True(await waiting);
        Assert.Equal("3", each.Current.Data);
    }

    [Fact]
    public async Task ReadAsync_AgainAfterABreakOfAStream_IsRefused()
    {
        using var stream = new MemoryStream("data: 1\n\ndata: 2\n\n"u8.ToArray());
        var reader = new SseReader(stream);
        await foreach (SseFrame frame in reader.ReadAsync(Collected.Stop))
        {
            Assert.Equal("1", frame.Data);
            break;
        }

        (List<string> items, Exception? failure) = await Collected.AllAsync(Collected.DataAsync(reader));
        Assert.Empty(items);
        Assert.StartsWith("The stream cannot be read on", Assert.IsType<InvalidOperationException>(failure).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data: 1\n\ndata: 2")]
    [InlineData("data: 1\n\ndata: 2\n")]
    public async Task ReadAsync_AgainAfterACancellationInsideAnEvent_IsRefused(string begun)
    {
        using var cancel = new CancellationTokenSource();
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Collected.Utf8(begun), Collected.Stop);
        var reader = new SseReader(pipe.Reader);
        await using (IAsyncEnumerator<SseFrame> each = reader.ReadAsync(cancel.Token).GetAsyncEnumerator(Collected.Stop))
        {
            Assert.True(await each.MoveNextAsync());
            ValueTask<bool> waiting = each.MoveNextAsync();
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.AsTask().WaitAsync(Collected.Deadline, Collected.Stop));
        }

        await pipe.Writer.WriteAsync("\n\ndata: 3\n\n"u8.ToArray(), Collected.Stop);
        await pipe.Writer.CompleteAsync();

        (List<string> items, Exception? failure) = await Collected.AllAsync(Collected.DataAsync(reader));
        Assert.Empty(items);
        Assert.IsType<InvalidOperationException>(failure);
    }

    [Fact]
    public async Task ReadAsync_AgainAfterALineThatIsTooLong_IsRefused() =>
        await Collected.InAllLayoutsAsync("data: 123456\ndata: 2\n\n", async pipe =>
        {
            var reader = new SseReader(pipe, new SseReaderOptions { MaxLineBytes = 8 });
            Assert.IsType<StreamReadException>((await Collected.AllAsync(Collected.DataAsync(reader))).Failure);
            Assert.IsType<InvalidOperationException>((await Collected.AllAsync(Collected.DataAsync(reader))).Failure);
        });

    [Fact]
    public async Task ReadAsync_CancelledWhileWaiting_Throws()
    {
        using var cancel = new CancellationTokenSource();
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync("data: a\n\ndata"u8.ToArray(), Collected.Stop);
        await using IAsyncEnumerator<SseFrame> each = new SseReader(pipe.Reader).ReadAsync(cancel.Token).GetAsyncEnumerator(Collected.Stop);
        Assert.True(await each.MoveNextAsync());
        ValueTask<bool> waiting = each.MoveNextAsync();
        Assert.False(waiting.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.AsTask().WaitAsync(Collected.Deadline, Collected.Stop));
    }

    [Fact]
    public async Task ReadAsync_Stream_StaysOpen()
    {
        using var stream = new MemoryStream("data: a\n\n"u8.ToArray());
        Assert.Equal(["a"], (await Collected.AllAsync(Collected.DataAsync(new SseReader(stream)))).Items);
        Assert.True(stream.CanRead);
    }

    [Fact]
    public async Task ReadAsync_EventsThatComeOneByOne_AreDeliveredAtOnce()
    {
        var pipe = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        await using IAsyncEnumerator<SseFrame> each = new SseReader(pipe.Reader).ReadAsync(Collected.Stop).GetAsyncEnumerator(Collected.Stop);
        for (int i = 0; i < 3; i++)
        {
            ValueTask<bool> waiting = each.MoveNextAsync();
            Assert.False(waiting.IsCompleted);
            await pipe.Writer.WriteAsync(Collected.Utf8($"data: {i}\r"), Collected.Stop);
            Assert.False(waiting.IsCompleted);

            // The blank line is over with its CR: nobody waits for the LF that may follow.
            await pipe.Writer.WriteAsync("\n\r"u8.ToArray(), Collected.Stop);
            Assert.True(waiting.IsCompleted && await waiting);
            Assert.Equal($"{i}", each.Current.Data);
            await pipe.Writer.WriteAsync("\n"u8.ToArray(), Collected.Stop);
        }
    }

    [Theory]
    [InlineData("data: {\"text\":\"Hello!\"}\n\n")]
    [InlineData("data: one\r\ndata: two\r\ndata: three\r\n\r\n")]
    [InlineData("id: 42\nevent: text_delta\nretry: 1000\ndata: {\"text\":\"Hello!\"}\n\n")]
    [InlineData(": keep-alive\n\nid: 42\n\ndata: x\n\n")]
    public void ReadAsync_Warm_AllocatesNothingPerEvent(string frame)
    {
        foreach (int readSize in (int[])[4096, 7])
        {
            var pipe = new FillPipeReader(Collected.Utf8(frame), readSize, long.MaxValue);
            IAsyncEnumerator<SseFrame> each = new SseReader(pipe).ReadAsync(Collected.Stop).GetAsyncEnumerator(Collected.Stop);
            Assert.Equal(0, AllocationMeter.BytesOf(_ => Assert.True(Collected.Next(each) && !each.Current.DataUtf8.IsEmpty)));
        }
    }

    [Fact]
    public void ReadAsync_WarmAndWaitingForEach_AllocatesNothingPerEvent()
    {
        byte[] frame = "event: text_delta\ndata: {\"text\":\"Hello!\"}\n\n"u8.ToArray();
        var pipe = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        IAsyncEnumerator<SseFrame> each = new SseReader(pipe.Reader).ReadAsync(Collected.Stop).GetAsyncEnumerator(Collected.Stop);
        Assert.Equal(0, AllocationMeter.BytesOf(_ =>
        {
#pragma warning disable CA2012 // Each is taken once, when it is over.
            ValueTask<bool> waiting = each.MoveNextAsync();
            Assert.False(waiting.IsCompleted);
            frame.CopyTo(pipe.Writer.GetSpan(frame.Length));
            pipe.Writer.Advance(frame.Length);
            Assert.True(pipe.Writer.FlushAsync().IsCompletedSuccessfully);
            Assert.True(waiting.IsCompleted && waiting.GetAwaiter().GetResult());
#pragma warning restore CA2012
        }));
    }

    private static async Task<TimeSpan?> RetryAsync(string value)
    {
        var reader = new SseReader(Collected.Pipe($"retry: {value}\n\n"));
        Assert.Empty((await Collected.AllAsync(Collected.DataAsync(reader))).Items);
        return reader.ReconnectionTime;
    }
}
