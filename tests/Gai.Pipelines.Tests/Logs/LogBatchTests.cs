namespace Gai.Pipelines.Tests.Logs;

public sealed class LogBatchTests
{
    [Fact]
    public void Add_OneByOneAndTogether_GivesTheSame()
    {
        using var one = new LogBatch();
        using var many = new LogBatch();
        one.Clear(firstSequence: 7);
        many.Clear(firstSequence: 7);
        foreach (string frame in (string[])["a", "bcd", "ef"])
        {
            one.Add(System.Text.Encoding.UTF8.GetBytes(frame).AsSpan());
        }

        many.Add("a"u8);
        many.Add("bcdef"u8, [3, 5]);

        foreach (LogBatch batch in (LogBatch[])[one, many])
        {
            Assert.Equal((7, 9, 3), (batch.FirstSequence, batch.LastSequence, batch.Count));
            Assert.Equal("abcdef"u8, batch.Bytes.Span);
            Assert.Equal([1, 4, 6], batch.Ends.ToArray());
            Assert.Equal("bcd"u8, batch[1]);
            Assert.Equal("ef"u8, batch[2]);
        }
    }

    [Fact]
    public void Add_ManyFrames_KeepsThoseBefore()
    {
        int[] ends = [.. Enumerable.Range(1, 100)];
        byte[] bytes = [.. ends.Select(static end => (byte)end)];
        using var one = new LogBatch();
        using var many = new LogBatch();
        foreach (byte frame in bytes)
        {
            one.Add([frame]);
        }

        many.Add([0]);
        many.Add(bytes, ends);

        Assert.Equal(ends, one.Ends.ToArray());
        Assert.Equal([1, .. ends.Select(static end => end + 1)], many.Ends.ToArray());
        Assert.Equal([0, .. bytes], many.Bytes.ToArray());
    }

    [Fact]
    public void Add_EndsThatAreNone_IsRefused()
    {
        using var batch = new LogBatch();

        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Add([]));
        Assert.Throws<ArgumentException>(() => batch.Add("ab"u8, [2, 2]));
        Assert.Throws<ArgumentException>(() => batch.Add("ab"u8, [2, 1]));
        Assert.Throws<ArgumentException>(() => batch.Add("ab"u8, [1]));
        Assert.Throws<ArgumentException>(() => batch.Add("ab"u8, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch[0].Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Clear(-1));
        Assert.Equal((0, 0), (batch.Count, batch.Bytes.Length));
    }

    [Fact]
    public void Clear_FilledAgainAndAgain_AllocatesNothing()
    {
        using var batch = new LogBatch();

        Assert.Equal(0, TestUtilities.AllocationMeter.BytesOf(round =>
        {
            batch.Clear(1 + round);
            for (int i = 0; i < 20; i++)
            {
                batch.Add("some frame or other"u8);
            }
        }));
    }
}
