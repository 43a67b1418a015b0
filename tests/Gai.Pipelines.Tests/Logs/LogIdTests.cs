using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Logs;

public sealed class LogIdTests
{
    [Fact]
    public void ToString_AnyPosition_HasTheOrderOfItsSequence() => Prop.ForAll<ulong, ulong>((one, another) =>
    {
        var log = LogId.New();
        var a = new LogPosition(log, (long)(one % LogPosition.MaxSequence));
        var b = new LogPosition(log, (long)(another % LogPosition.MaxSequence));
        Assert.Equal(LogPosition.TextLength, a.ToString().Length);
        Assert.Equal(Math.Sign(a.Sequence.CompareTo(b.Sequence)), Math.Sign(string.CompareOrdinal(a.ToString(), b.ToString())));
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(LogPosition.MaxSequence)]
    public void TryParse_OfWhatWasWritten_GivesItBack(long sequence)
    {
        foreach (UInt128 bits in new[] { UInt128.Zero, UInt128.One, UInt128.MaxValue, LogId.New().Bits })
        {
            var position = new LogPosition(new LogId(bits), sequence);

            Assert.True(LogPosition.TryParse(position.ToString(), out LogPosition read));
            Assert.Equal(position, read);
            Assert.True(LogId.TryParse(position.Log.ToString(), out LogId log));
            Assert.Equal(position.Log, log);
        }
    }

    [Fact]
    public void TryParse_AnythingElse_IsRefused()
    {
        string good = new LogPosition(new LogId(UInt128.MaxValue), 33).ToString();
        string[] bad =
        [
            "", good[1..], good + "0", good.ToUpperInvariant(), " " + good[1..], good[..^1] + "w", good[..^1] + "\n", good[..^1] + "\0", good[..^1] + "-",
            good[..^1] + "\u0661", good[..^1] + "\uFF11", "8" + good[1..], new string('0', 200_000), TerminalEventId.Done, TerminalEventId.Failed,
            .. FrameAttacks.Texts.Values, .. FrameAttacks.Texts.Values.Select(attack => good[..^1] + attack), .. FrameAttacks.Texts.Values.Select(attack => attack + good),
        ];

        Assert.True(LogPosition.TryParse(good, out _));
        foreach (string text in bad.Where(text => text != good))
        {
            Assert.False(LogPosition.TryParse(text, out LogPosition position), text);
            Assert.Equal(default, position);
            Assert.False(LogId.TryParse(text, out _), text);
        }
    }

    [Fact]
    public void TryParse_OneUnitChanged_IsAnotherPositionOrNone()
    {
        var position = new LogPosition(LogId.New(), 12345);
        string text = position.ToString();
        for (int at = 0; at < text.Length; at++)
        {
            for (char unit = '\0'; unit < 0x180; unit++)
            {
                string changed = text[..at] + unit + text[(at + 1)..];
                if (LogPosition.TryParse(changed, out LogPosition read))
                {
                    Assert.Equal(changed, read.ToString());
                    Assert.Equal(changed == text, read == position);
                }
            }
        }
    }

    [Fact]
    public void New_Often_NeverRepeats() =>
        Assert.Equal(10_000, Enumerable.Range(0, 10_000).Select(_ => LogId.New()).Distinct().Count());

    [Theory]
    [InlineData(-1)]
    [InlineData(LogPosition.MaxSequence + 1)]
    public void Constructor_NoSequence_IsRefused(long sequence) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LogPosition(default, sequence));

    [Fact]
    public void Increment_Often_CountsAsTheTextDoes()
    {
        var log = LogId.New();
        byte[] text = Encoding.ASCII.GetBytes(new LogPosition(log, 0).ToString());
        for (int sequence = 1; sequence <= 40_000; sequence++)
        {
            OrderedText.Increment(text.AsSpan(LogId.TextLength));
            Assert.Equal(new LogPosition(log, sequence).ToString(), Encoding.ASCII.GetString(text));
        }
    }

    [Fact]
    public void Key_AnyBadText_IsRefused()
    {
        string[] bad = ["", new string('a', LogKey.MaxLength + 1), "a\nb", "a\rb", "a\0b", "a\tb", "a\u0085b", "a\u2028b", "a\uD83D", "\uDE00a", "\u007F"];
        foreach (string text in bad)
        {
            Assert.ThrowsAny<ArgumentException>(() => new LogKey(text));
        }

        Assert.Throws<ArgumentNullException>(() => new LogKey(null!));
        Assert.ThrowsAny<ArgumentException>(() => LogKey.Of());
    }

    [Fact]
    public void Key_LongestText_IsThatText()
    {
        string text = new('a', LogKey.MaxLength);
        var key = new LogKey(text);

        Assert.Equal((text, text, false), (key.Value, key.ToString(), key.IsNone));
        Assert.Equal((null, string.Empty, true), (default(LogKey).Value, default(LogKey).ToString(), default(LogKey).IsNone));
    }

    [Fact]
    public void KeyOf_PartsThatJoinAlike_AreDifferentKeys()
    {
        string[][] parts = [["a", "b:c"], ["a:b", "c"], ["a", "b", "c"], ["a:b:c"], ["1:a"], ["a"], ["", "a"], ["a", ""], ["1", "a"], ["11:a"]];

        Assert.Equal(parts.Length, parts.Select(some => LogKey.Of(some)).Distinct().Count());
        Assert.Equal("1:a3:b:c", LogKey.Of("a", "b:c").Value);
    }
}
