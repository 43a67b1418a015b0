namespace Gai.Pipelines.Tests.Dialects;

public sealed class DialectSettingsTests
{
    [Fact]
    public void RetryHint_BelowZero_IsRefusedWithTheRemedy()
    {
        var failure = Assert.Throws<ArgumentOutOfRangeException>(() => new DialectSettings { RetryHint = Timeout.InfiniteTimeSpan });

        Assert.Contains("RetryHint must be at least zero. Give null", failure.Message, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.Zero, new DialectSettings { RetryHint = TimeSpan.Zero }.RetryHint);
    }

    [Fact]
    public void Default_ChoosesNothing()
    {
        DialectSettings settings = DialectSettings.Default;

        Assert.False(settings.EventIds);
        Assert.False(settings.Timestamps);
        Assert.Null(settings.RetryHint);
        Assert.Equal("gai.error", settings.ErrorEventName.Value);
        Assert.Same(TimeProvider.System, settings.TimeProvider);
    }

    [Theory]
    [InlineData(TerminalEventId.Done, true)]
    [InlineData(TerminalEventId.Failed, true)]
    [InlineData("1", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void TerminalEventId_Contains_KnowsItsIds(string? id, bool expected) => Assert.Equal(expected, TerminalEventId.Contains(id));

    [Theory]
    [InlineData(StreamFormat.ServerSentEvents, "text/event-stream")]
    [InlineData(StreamFormat.Ndjson, "application/x-ndjson")]
    [InlineData(StreamFormat.JsonLines, "application/jsonl")]
    [InlineData(StreamFormat.JsonDocument, "application/json")]
    public void MediaType_OfAFormat_IsItsOwn(StreamFormat format, string expected) => Assert.Equal(expected, format.MediaType());

    [Fact]
    public void MediaType_UnknownFormat_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => ((StreamFormat)99).MediaType());
}
