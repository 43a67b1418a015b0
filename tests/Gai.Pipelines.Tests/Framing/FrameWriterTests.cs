using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Framing;

public sealed class FrameWriterTests
{
    public static TheoryData<int, BlockMemory> Outputs => new MatrixTheoryData<int, BlockMemory>(
        [1, 2, 3, 7, 64, 255, 256, 257, 1000, 4096, 100_000],
        [BlockMemory.Array, BlockMemory.Opaque]);

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Commit_FramesOfAllSizes_GivesTheirBytesInOrder(int blockSize, BlockMemory memory)
    {
        var output = new BlockBufferWriter(blockSize, memory);
        var frames = new FrameWriter(output);
        var expected = new List<byte>();
        foreach (int size in (int[])[0, 1, 2, 5, 63, 64, 65, 255, 256, 257, 2047, 2048, 2049, 4095, 4096, 4097, 10_000, 1, 0, 3])
        {
            byte[] bytes = Numbered(size);
            foreach (byte[] part in bytes.Chunk(100))
            {
                frames.Write(part);
            }

            frames.Commit();
            expected.AddRange(bytes);
        }

        frames.Publish();

        Assert.Equal(expected, output.ToArray());
        Assert.Equal(expected.Count, frames.CommittedBytes);
    }

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Commit_ExactlyMaxFrameBytes_Passes(int blockSize, BlockMemory memory)
    {
        foreach (int max in (int[])[256, 1000, 2048, 5000])
        {
            foreach (int part in (int[])[1, 7, 100, max])
            {
                var output = new BlockBufferWriter(blockSize, memory);
                var frames = new FrameWriter(output, max);
                byte[] bytes = Numbered(max);

                Write(frames, bytes, part);
                frames.Commit();
                frames.Publish();

                Assert.Equal(bytes, output.ToArray());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Commit_OneByteMoreThanMaxFrameBytes_RefusesAndLeavesNothing(int blockSize, BlockMemory memory)
    {
        foreach (int max in (int[])[256, 1000, 2048, 5000])
        {
            foreach (int part in (int[])[1, 7, 100, max + 1])
            {
                var output = new BlockBufferWriter(blockSize, memory);
                var frames = new FrameWriter(output, max);
                frames.Write([1, 2, 3]);
                frames.Commit();

                var failure = Assert.Throws<FrameTooLargeException>(() =>
                {
                    Write(frames, Numbered(max + 1), part);
                    frames.Commit();
                });
                frames.Discard();
                frames.Write([4, 5]);
                frames.Commit();
                frames.Publish();

                Assert.Equal(max, failure.MaxFrameBytes);
                Assert.Contains("raise MaxFrameBytes", failure.Message, StringComparison.Ordinal);
                Assert.Equal([1, 2, 3, 4, 5], output.ToArray());
                Assert.Equal(5, frames.CommittedBytes);
            }
        }
    }

    [Fact]
    public void Commit_TooLarge_NeedsNoDiscard()
    {
        var output = new BlockBufferWriter(4096);
        var frames = new FrameWriter(output, 256);
        frames.Write(new byte[300]);

        Assert.Throws<FrameTooLargeException>(frames.Commit);
        frames.Publish();

        Assert.Empty(output.ToArray());
    }

    [Fact]
    public void GetSpan_FrameThatNeverEnds_IsStoppedSoonAfterTheLimit()
    {
        var frames = new FrameWriter(new BlockBufferWriter(64), 1000);
        int written = 0;

        Assert.Throws<FrameTooLargeException>(() =>
        {
            for (; written < 1_000_000; written++)
            {
                frames.Write([0]);
            }
        });

        Assert.InRange(written, 1000, 4096);
    }

    [Theory]
    [InlineData(256, 100_000)]
    [InlineData(1000, 100_000_000)]
    [InlineData(FrameWriter.DefaultMaxFrameBytes, int.MaxValue)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void GetSpan_FarMoreThanTheLimit_RefusesInsteadOfRenting(int max, int request)
    {
        var frames = new FrameWriter(new BlockBufferWriter(64), max);
        frames.Write([1]);

        Assert.Throws<FrameTooLargeException>(() => frames.GetSpan(request));
        Assert.Equal([1], frames.Frame.ToArray());
    }

    [Fact]
    public void GetSpan_WorstCaseOfAFrameThatFits_IsGiven()
    {
        // Utf8JsonWriter asks for three bytes a UTF-16 unit before it knows how many it needs.
        var output = new BlockBufferWriter(64);
        var frames = new FrameWriter(output, 10_000);
        byte[] bytes = Numbered(10_000);

        bytes.CopyTo(frames.GetSpan(30_002));
        frames.Advance(bytes.Length);
        frames.Commit();

        Assert.Equal(bytes, output.ToArray());
    }

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Discard_AtEveryPoint_LeavesNothingOfTheFrame(int blockSize, BlockMemory memory)
    {
        for (int built = 0; built <= 600; built += built < 10 ? 1 : 59)
        {
            var output = new BlockBufferWriter(blockSize, memory);
            var frames = new FrameWriter(output);
            frames.Write([1, 2, 3]);
            frames.Commit();
            Write(frames, Numbered(built), 13);

            frames.Discard();

            Assert.True(frames.Frame.IsEmpty);
            frames.Write([4]);
            frames.Commit();
            Write(frames, Numbered(built), 13);
            frames.Discard();
            frames.Publish();
            Assert.Equal([1, 2, 3, 4], output.ToArray());
            Assert.Equal(4, frames.CommittedBytes);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(5000)]
    public void Publish_UnfinishedFrame_RefusesAndLosesNothing(int built)
    {
        var output = new BlockBufferWriter(64);
        var frames = new FrameWriter(output);
        byte[] bytes = Numbered(built);
        Write(frames, bytes, 50);

        var failure = Assert.Throws<InvalidOperationException>(frames.Publish);

        Assert.Contains("commit or discard", failure.Message, StringComparison.Ordinal);
        frames.Commit();
        frames.Publish();
        Assert.Equal(bytes, output.ToArray());
    }

    [Fact]
    public void Publish_ManyFramesInOneBlock_AdvancesTheOutputOnce()
    {
        var output = new BlockBufferWriter(4096);
        var frames = new FrameWriter(output);
        for (int i = 0; i < 100; i++)
        {
            frames.Write(Numbered(30));
            frames.Commit();
        }

        Assert.Equal(0, output.Advances);
        frames.Publish();
        frames.Publish();

        Assert.Equal(1, output.Advances);
        Assert.Equal(3000, output.ToArray().Length);
    }

    [Fact]
    public void GetSpan_LargeRequests_NeverAskTheOutputForALargeBlock()
    {
        var output = new BlockBufferWriter(4096);
        var frames = new FrameWriter(output);
        foreach (int size in (int[])[10, 2000, 2048, 2049, 5000, 100_000])
        {
            frames.GetSpan(size)[..size].Fill(1);
            frames.Advance(size);
            frames.Commit();
        }

        frames.Publish();

        Assert.InRange(output.LargestRequest, 1, 2048);
        Assert.Equal(111_107, output.ToArray().Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    public void Advance_PastTheMemory_Throws(int sizeHint)
    {
        var frames = new FrameWriter(new BlockBufferWriter(64));
        int given = frames.GetSpan(sizeHint).Length;

        var failure = Assert.Throws<ArgumentOutOfRangeException>(() => frames.Advance(given + 1));
        Assert.StartsWith(
            string.Create(CultureInfo.InvariantCulture, $"Advance takes at most the memory that was given: {given} bytes."), failure.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => frames.Advance(-1));
        frames.Advance(given);
        Assert.Throws<ArgumentOutOfRangeException>(() => frames.Advance(1));
    }

    [Theory]
    [MemberData(nameof(Outputs))]
    public void GetMemory_BytesWritten_AreThoseOfTheFrame(int blockSize, BlockMemory memory)
    {
        var output = new BlockBufferWriter(blockSize, memory);
        var frames = new FrameWriter(output);
        byte[] bytes = Numbered(3000);
        foreach (byte[] part in bytes.Chunk(70))
        {
            Memory<byte> room = frames.GetMemory(part.Length);
            Assert.True(room.Length >= part.Length);
            part.CopyTo(room);
            frames.Advance(part.Length);
        }

        Assert.Equal(bytes, frames.Frame.ToArray());
        frames.Commit();
        frames.Publish();
        Assert.Equal(bytes, output.ToArray());
    }

    [Fact]
    public void Constructor_BadArguments_Throws()
    {
        Assert.Throws<ArgumentNullException>(() => new FrameWriter(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FrameWriter(new BlockBufferWriter(1), 255));
    }

    [Fact]
    public void AnySequenceOfCalls_GivesExactlyTheCommittedBytes() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<(byte Call, ushort Size)[]>(),
            ArbMap.Default.ArbFor<(ushort Block, bool Opaque, ushort Max)>(),
            (calls, shape) => Replay(calls, 1 + (shape.Block % 5000), shape.Opaque ? BlockMemory.Opaque : BlockMemory.Array, 256 + (shape.Max % 9000)))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(2000).WithEndSize(60));

    private static bool Replay((byte Call, ushort Size)[] calls, int blockSize, BlockMemory memory, int max)
    {
        var output = new BlockBufferWriter(blockSize, memory);
        var frames = new FrameWriter(output, max);
        var committed = new List<byte>();
        var frame = new List<byte>();
        byte next = 0;
        foreach ((byte call, ushort size) in calls)
        {
            int count = size % 3000;
            switch (call % 6)
            {
                case 0 or 1 or 2:
                    byte[] bytes = new byte[call % 2 == 0 ? count : count % 40];
                    bytes.AsSpan().Fill(next++);
                    try
                    {
                        frames.Write(bytes);
                        frame.AddRange(bytes);
                    }
                    catch (FrameTooLargeException)
                    {
                        if (frame.Count + bytes.Length <= max)
                        {
                            return false;
                        }
                    }

                    break;
                case 3:
                    try
                    {
                        frames.Commit();
                        committed.AddRange(frame);
                        if (frame.Count > max)
                        {
                            return false;
                        }
                    }
                    catch (FrameTooLargeException) when (frame.Count > max)
                    {
                    }

                    frame.Clear();
                    break;
                case 4:
                    frames.Discard();
                    frame.Clear();
                    break;
                default:
                    if (frame.Count == 0)
                    {
                        frames.Discard();
                        frames.Publish();
                        if (!output.ToArray().AsSpan().SequenceEqual(committed.ToArray()))
                        {
                            return false;
                        }
                    }

                    break;
            }

            if (!frames.Frame.SequenceEqual(frame.ToArray()))
            {
                return false;
            }
        }

        frames.Discard();
        frames.Publish();
        return output.ToArray().AsSpan().SequenceEqual(committed.ToArray()) && frames.CommittedBytes == committed.Count;
    }

    private static void Write(FrameWriter frames, byte[] bytes, int part)
    {
        foreach (byte[] chunk in bytes.Chunk(part))
        {
            frames.Write(chunk);
        }
    }

    private static byte[] Numbered(int size) => [.. Enumerable.Range(0, size).Select(number => (byte)(number % 251))];
}
