using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Framing;

public sealed class EventNameAndIdTests
{
    // Attributes are UTF-8 in the assembly and cannot hold an unpaired surrogate; the runner's own data cannot either.
    private static readonly (string Value, string Actual)[] Refused =
    [
        ("a\nb", "a line break at index 1"),
        ("\r", "a line break at index 0"),
        ("ab\r\n", "a line break at index 2"),
        ("a\0", "NUL at index 1"),
        ("a\uD83Db", "an unpaired surrogate at index 1"),
        ("\U0001F600\uDE00", "an unpaired surrogate at index 2"),
        ("\uDE00\uD83D", "an unpaired surrogate at index 0"),
        ("a\uD83D", "an unpaired surrogate at index 1"),
    ];

    [Fact]
    public void Constructor_TextThatBreaksOut_SaysRuleActualAndRemedy()
    {
        foreach ((string value, string actual) in Refused)
        {
            var ofName = Assert.Throws<ArgumentException>(() => new EventName(value));
            var ofId = Assert.Throws<ArgumentException>(() => new EventId(value));

            Assert.StartsWith($"Event name contains {actual};", ofName.Message, StringComparison.Ordinal);
            Assert.StartsWith($"Event id contains {actual};", ofId.Message, StringComparison.Ordinal);
            Assert.Contains("emove it.", ofName.Message, StringComparison.Ordinal);
            Assert.Equal("value", ofName.ParamName);
        }
    }

    [Theory]
    [InlineData("text_delta")]
    [InlineData(" with spaces ")]
    [InlineData(":colon")]
    [InlineData("\U0001F600\u2028\u0085\uFEFF")]
    public void Constructor_OtherText_KeepsIt(string value)
    {
        Assert.Equal(value, new EventName(value).Value);
        Assert.Equal(value, new EventName(value).ToString());
        Assert.Equal(value, new EventId(value).ToString());
    }

    [Fact]
    public void EventName_NullEmptyAndDefault_AreNone()
    {
        Assert.Null(new EventName(null).Value);
        Assert.Null(new EventName(string.Empty).Value);
        Assert.Equal(default, new EventName(string.Empty));
        Assert.Equal(string.Empty, default(EventName).ToString());
    }

    [Fact]
    public void EventId_NullIsNoneAndEmptyIsNot()
    {
        Assert.True(default(EventId).IsNone);
        Assert.True(new EventId(null).IsNone);
        Assert.False(EventId.Empty.IsNone);
        Assert.False(new EventId(0).IsNone);
        Assert.Equal(EventId.Empty, new EventId(string.Empty));
    }

    [Fact]
    public void EventId_OfNumber_HasInvariantDigits() =>
        Encoded.InEveryCulture(() => Assert.Equal("-9223372036854775808", new EventId(long.MinValue).ToString()));

    [Fact]
    public void EventId_OfNumber_AllocatesNothing()
    {
        bool none = false;
        Assert.Equal(0, AllocationMeter.BytesOf(round => none |= new EventId(round).IsNone));
        Assert.False(none);
    }
}
