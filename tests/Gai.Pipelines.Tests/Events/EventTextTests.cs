using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Gai.Pipelines.Tests.Events;

public sealed class EventTextTests
{
    [Fact]
    public void Forms_AllWaysToMakeOne_KeepTheirForm()
    {
        byte[] utf8 = [1, 2];
        EventText fromString = "a";
        EventText fromBytes = utf8;
        EventText fromMemory = (ReadOnlyMemory<byte>)utf8.AsMemory(1);
        EventText fromNull = (string?)null;
        EventText fromNullBytes = (byte[]?)null;

        Assert.True(fromString.IsString);
        Assert.True(fromString.Utf8.IsEmpty);
        Assert.False(fromBytes.IsString);
        Assert.Null(fromBytes.String);
        Assert.Equal(1, fromMemory.Utf8.Length);
        Assert.True(fromNull.IsEmpty);
        Assert.True(fromNullBytes.IsEmpty);
        Assert.True(new EventText(string.Empty).IsEmpty);
        Assert.False(fromBytes.IsEmpty);
        Assert.Equal(string.Empty, default(EventText).ToString());
    }

    [Fact]
    public void Equals_AnyTexts_ComparesWhatTheyRead()
    {
        Gen<EventText> texts = Gen.Elements<byte>((byte)'a', 0xC3, 0xA9, 0xEF, 0xBF, 0xBD, 0xFF).ArrayOf(3)
            .Zip(Gen.Choose(0, 1), (bytes, form) => form == 0 ? new EventText(bytes) : new EventText(Encoding.UTF8.GetString(bytes)));

        Prop.ForAll(texts.ToArbitrary(), texts.ToArbitrary(), (left, right) =>
        {
            bool same = left.ToString() == right.ToString();
            return left.Equals(right) == same && (left == right) == same && (left != right) != same && left.Equals((object)right) == same
                && (!same || left.GetHashCode() == right.GetHashCode());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    [Fact]
    public void Equals_DefaultAndEmpty_AreTheSame()
    {
        Assert.Equal(default, new EventText(string.Empty));
        Assert.Equal(default, new EventText(Array.Empty<byte>()));
        Assert.False(default(EventText).Equals((object?)null));
    }
}
