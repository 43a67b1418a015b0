#pragma warning disable CA2012 // Flushes that end at once are only looked at.
using System.Buffers;
using System.IO.Compression;
using System.Text;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Hosting.Tests.Compression;

public sealed class CompressedBodyTests
{
    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Flush_EachEvent_IsReadBeforeTheNextIsWritten(string coding)
    {
        using var bench = new CompressionBench(coding);
        using CompressedBody body = bench.Compressed;
        for (int n = 1; n <= 500; n++)
        {
            string text = $"id: {n}\ndata: {{\"text\":\"word {n * 7919 % 1000}\"}}\n\n";

            bench.Write(text);
            await body.FlushAsync();

            Assert.Equal(text, await bench.ReadTextAsync(text.Length));
        }

        await body.ConcludeAsync(StreamOutcomeReason.Completed, FailureClose.Clean);
        Assert.Empty(await bench.ReadRestAsync());
    }

    /// <summary>Frames of all sizes, compressible or not, around the size of a block and far above it, some flushed together.</summary>
    [Theory]
    [InlineData("gzip", 1)]
    [InlineData("gzip", 2)]
    [InlineData("br", 1)]
    [InlineData("br", 2)]
    public async Task Flush_FramesOfAnySize_ComeBackAsTheyWere(string coding, int seed)
    {
        int[] sizes = [1, 2, 511, 512, 513, 1023, 1024, 1025, 2048, 4095, 4096, 4097, 8192, 20_000, 200_000];
        var random = new Random(seed);
        using var bench = new CompressionBench(coding);
        using CompressedBody body = bench.Compressed;
        var expected = new MemoryStream();
        int unread = 0;
        for (int round = 0; round < 200; round++)
        {
            byte[] frame = new byte[sizes[random.Next(sizes.Length)] + random.Next(2)];
            random.NextBytes(frame);
            if (random.Next(2) == 0)
            {
                frame.AsSpan().Fill((byte)round);
            }

            WriteInPieces(body, frame, random);
            expected.Write(frame);
            unread += frame.Length;
            if (random.Next(3) > 0)
            {
                await body.FlushAsync();
                byte[] read = await bench.ReadAsync(unread);
                Assert.True(expected.ToArray().AsSpan((int)expected.Length - unread).SequenceEqual(read));
                unread = 0;
            }
        }

        await body.ConcludeAsync(StreamOutcomeReason.Completed, FailureClose.Clean);
        Assert.Equal(unread, (await bench.ReadRestAsync()).Length);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Flush_NothingWritten_IsHandedOnWithoutBytes(string coding)
    {
        var wire = new NullPipeWriter();
        using var bench = new CompressionBench(coding, wire);
        using CompressedBody body = bench.Compressed;

        await body.FlushAsync();
        await body.FlushAsync();

        Assert.Equal((2, 0), (wire.Flushes, wire.Bytes));
    }

    [Fact]
    public async Task Flush_ClientDoesNotRead_WaitsAndCanBeCancelled()
    {
        var wire = new RecordingPipeWriter();
        using var bench = new CompressionBench("gzip", wire);
        using CompressedBody body = bench.Compressed;
        wire.HoldFlushes();
        bench.Write("event");

        Task<System.IO.Pipelines.FlushResult> flush = body.FlushAsync().AsTask();
        await wire.WaitForPendingFlushAsync();
        Assert.False(flush.IsCompleted);
        body.CancelPendingFlush();

        Assert.True((await flush).IsCanceled);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Conclude_StreamWithoutEvents_IsAWholeBodyOfNothing(string coding)
    {
        using var bench = new CompressionBench(coding);
        using CompressedBody body = bench.Compressed;
        await body.FlushAsync();

        await body.ConcludeAsync(StreamOutcomeReason.Completed, FailureClose.Clean);

        byte[] wire = await bench.ReadRestOfTheWireAsync();
        Assert.NotEmpty(wire);
        Assert.True(IsWhole(coding, wire, 0));
    }

    [Theory]
    [InlineData(StreamOutcomeReason.Completed, FailureClose.Broken, true)]
    [InlineData(StreamOutcomeReason.SourceFailed, FailureClose.Clean, true)]
    [InlineData(StreamOutcomeReason.SourceFailed, FailureClose.Broken, false)]
    [InlineData(StreamOutcomeReason.SourceFailed, FailureClose.BrokenOverHttp1, false)]
    [InlineData(StreamOutcomeReason.Drained, FailureClose.Clean, true)]
    [InlineData(StreamOutcomeReason.Drained, FailureClose.Broken, false)]
    [InlineData(StreamOutcomeReason.Expired, FailureClose.Clean, true)]
    [InlineData(StreamOutcomeReason.Unauthorized, FailureClose.Broken, false)]
    [InlineData(StreamOutcomeReason.ClientGone, FailureClose.Clean, false)]
    [InlineData(StreamOutcomeReason.TooSlow, FailureClose.Clean, false)]
    public async Task Conclude_AnyOutcome_EndsTheDataOnlyIfTheResponseEndsWell(StreamOutcomeReason reason, FailureClose close, bool isWhole)
    {
        foreach (string coding in (string[])["gzip", "br"])
        {
            using var bench = new CompressionBench(coding);
            using (CompressedBody body = bench.Compressed)
            {
                bench.Write("event");
                await body.FlushAsync();
                await body.ConcludeAsync(reason, close);
            }

            Assert.Equal(isWhole, IsWhole(coding, await bench.ReadRestOfTheWireAsync(), "event".Length));
        }
    }

    [Fact]
    public async Task Conclude_ClientDoesNotRead_IsBrokenOffAfterTheWriteTimeout()
    {
        var time = new ManualTimeProvider();
        var wire = new RecordingPipeWriter();
        using var bench = new CompressionBench("br", wire, time);
        using CompressedBody body = bench.Compressed;
        bench.Write("event");
        await body.FlushAsync();
        wire.HoldFlushes();

        Task conclusion = body.ConcludeAsync(StreamOutcomeReason.Completed, FailureClose.Clean).AsTask();
        await wire.WaitForPendingFlushAsync();
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal((false, 0), (conclusion.IsCompleted, bench.Aborts.Aborts));
        time.Advance(TimeSpan.FromSeconds(1));

        await conclusion.OrFail();
        Assert.Equal(1, bench.Aborts.Aborts);
    }

    [Fact]
    public async Task Conclude_ClientIsGone_IsNoFailure()
    {
        var wire = new RecordingPipeWriter();
        using var bench = new CompressionBench("gzip", wire);
        using CompressedBody body = bench.Compressed;
        bench.Write("event");
        await body.FlushAsync();
        wire.FlushFailure = new IOException("reset");

        await body.ConcludeAsync(StreamOutcomeReason.Completed, FailureClose.Clean);
    }

    [Fact]
    public void Advance_MoreThanWasGiven_IsRefused()
    {
        using var bench = new CompressionBench("gzip");
        using CompressedBody body = bench.Compressed;

        int given = body.GetMemory().Length;

        Assert.Throws<ArgumentOutOfRangeException>("bytes", () => body.Advance(given + 1));
        Assert.Throws<ArgumentOutOfRangeException>("bytes", () => body.Advance(-1));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public void Flush_EachEvent_AllocatesNothing(string coding)
    {
        var wire = new NullPipeWriter();
        using var bench = new CompressionBench(coding, wire);
        using CompressedBody body = bench.Compressed;

        long allocated = AllocationMeter.BytesOf(round =>
        {
            ReadOnlySpan<byte> prefix = "event: text_delta\ndata: {\"text\":\" "u8;
            Span<byte> room = body.GetSpan(100);
            prefix.CopyTo(room);
            Assert.True(System.Buffers.Text.Utf8Formatter.TryFormat(round * 7919 % 10_000, room[prefix.Length..], out int digits));
            "\"}\n\n"u8.CopyTo(room[(prefix.Length + digits)..]);
            body.Advance(prefix.Length + digits + 4);
            ValueTask<System.IO.Pipelines.FlushResult> flush = body.FlushAsync();
            Assert.True(flush.IsCompletedSuccessfully);
        });

        Assert.Equal(0, allocated);
        Assert.True(wire.Flushes >= AllocationMeter.Rounds);
    }

    /// <summary>Why compression is off by default: whoever chooses a part of a stream and sees its length can guess a secret in it, letter by letter.</summary>
    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Flush_SecretBesideTextOfAnAttacker_LengthTellsWhichGuessIsRight(string coding)
    {
        int right = await LengthOfGuessAsync(coding, "token=a81f3c72");
        int wrong = await LengthOfGuessAsync(coding, "token=90e2b5d6");

        Assert.True(right < wrong, $"{right} bytes for the right guess, {wrong} for the wrong one");
    }

    private static async Task<int> LengthOfGuessAsync(string coding, string guess)
    {
        var wire = new NullPipeWriter();
        using var bench = new CompressionBench(coding, wire);
        using CompressedBody body = bench.Compressed;
        bench.Write("data: {\"link\":\"https://example.org/?token=a81f3c72\"}\n\n");
        await body.FlushAsync();
        long before = wire.Bytes;
        bench.Write($"data: {{\"question\":\"{guess}\"}}\n\n");
        await body.FlushAsync();
        return (int)(wire.Bytes - before);
    }

    private static void WriteInPieces(CompressedBody body, ReadOnlySpan<byte> frame, Random random)
    {
        while (!frame.IsEmpty)
        {
            Span<byte> room = body.GetSpan(random.Next(3000));
            int count = Math.Min(frame.Length, random.Next(2) == 0 ? room.Length : random.Next(1, room.Length + 1));
            frame[..count].CopyTo(room);
            body.Advance(count);
            frame = frame[count..];
        }
    }

    /// <summary>Whether compressed data has its end: Brotli's last block, or the length that ends a gzip (RFC 1952, 2.3.1).</summary>
    private static bool IsWhole(string coding, byte[] wire, int length)
    {
        if (coding == "br")
        {
            using var decoder = default(BrotliDecoder);
            return decoder.Decompress(wire, new byte[1024], out _, out int written) == OperationStatus.Done && written == length;
        }

        using var reader = new GZipStream(new MemoryStream(wire), CompressionMode.Decompress);
        using var text = new StreamReader(reader, Encoding.UTF8);
        try
        {
            return text.ReadToEnd().Length == length && wire.Length >= 18 && BitConverter.ToInt32(wire.AsSpan(^4)) == length;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}
