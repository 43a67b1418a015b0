namespace Gai.Pipelines.Tests.Events;

public sealed class StreamErrorTests
{
    [Fact]
    public void RetryAfter_BelowZero_CountsAsZero()
    {
        var constructed = new StreamError("c", "m", true, TimeSpan.FromSeconds(-3));
        StreamError changed = new StreamError("c", "m") with { RetryAfter = TimeSpan.FromTicks(-1) };

        Assert.Equal(TimeSpan.Zero, constructed.RetryAfter);
        Assert.Equal(TimeSpan.Zero, changed.RetryAfter);
        Assert.Equal(TimeSpan.Zero, StreamEvent.Failure(constructed).Error.RetryAfter);
    }

    [Fact]
    public void RetryAfter_Other_IsKept()
    {
        Assert.Null(new StreamError("c", "m").RetryAfter);
        Assert.Equal(TimeSpan.FromSeconds(3), new StreamError("c", "m", true, TimeSpan.FromSeconds(3)).RetryAfter);
    }

    [Fact]
    public void StreamErrorException_OfAnError_CarriesIt()
    {
        var cause = new InvalidOperationException();
        var failure = new StreamErrorException(new StreamError("code", "message"), cause);

        Assert.Equal("code: message", failure.Message);
        Assert.Same(cause, failure.InnerException);
        Assert.Equal("code", failure.Error.Code);
    }
}
