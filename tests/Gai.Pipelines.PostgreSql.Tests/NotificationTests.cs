using Gai.Pipelines.PostgreSql.Internal;

namespace Gai.Pipelines.PostgreSql.Tests;

public sealed class NotificationTests
{
    [Fact]
    public void Write_ManyChanges_FitIntoNotificationsAndComeBack()
    {
        Dictionary<ulong, LogChange> changes = Enumerable.Range(0, 2000).ToDictionary(i => (ulong)i << 40, i => i % 3 == 0 ? LogChange.Ownership : LogChange.Frames);

        string[] texts = Notification.Write(sender: 7, changes);

        Assert.All(texts, text => Assert.InRange(text.Length, 1, 7999));
        var read = new Dictionary<ulong, LogChange>();
        Array.ForEach(texts, text => Notification.Read(text, self: 8, read.Add));
        Assert.Equal(changes, read);
    }

    [Fact]
    public void Read_OwnOrNone_IsPassedOver()
    {
        string own = Notification.Write(7, new Dictionary<ulong, LogChange> { [1] = LogChange.Frames })[0];
        string[] none = [own, string.Empty, "hello", new string('x', 100), own[..16], own[..^1] + "x"];

        foreach (string text in none)
        {
            Notification.Read(text, self: 7, (_, _) => Assert.Fail($"'{text}' is none."));
        }

        Notification.Read(own[..^1] + "x", self: 8, (_, _) => Assert.Fail("A log has a name in digits."));
    }

    [Fact]
    public void NameOf_Log_DoesNotTellItsId()
    {
        LogId log = LogId.New();

        Assert.DoesNotContain(Notification.NameOf(log).ToString("x16", null), log.Bits.ToString("x32", null), StringComparison.Ordinal);
        Assert.Equal(Notification.NameOf(log), Notification.NameOf(log));
        Assert.NotEqual(Notification.NameOf(log), Notification.NameOf(LogId.New()));
    }
}
