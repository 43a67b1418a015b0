using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting.Tests.Streaming;

public sealed class StreamFailureTests
{
    [Theory]
    [InlineData(StreamErrorCodes.InvalidRequest, 400)]
    [InlineData(StreamErrorCodes.Unsupported, 400)]
    [InlineData(StreamErrorCodes.ContextLengthExceeded, 400)]
    [InlineData(StreamErrorCodes.SafetyBlocked, 400)]
    [InlineData(StreamErrorCodes.Unauthorized, 401)]
    [InlineData(StreamErrorCodes.Forbidden, 403)]
    [InlineData(StreamErrorCodes.NotFound, 404)]
    [InlineData(StreamErrorCodes.Cancelled, 410)]
    [InlineData(StreamErrorCodes.RateLimited, 429)]
    [InlineData(StreamErrorCodes.Internal, 500)]
    [InlineData("a code of the application's own", 500)]
    [InlineData(StreamErrorCodes.Network, 502)]
    [InlineData(StreamErrorCodes.Overloaded, 503)]
    [InlineData(StreamErrorCodes.ProviderUnavailable, 503)]
    [InlineData(StreamErrorCodes.ServerDraining, 503)]
    [InlineData(StreamErrorCodes.Expired, 503)]
    [InlineData(StreamErrorCodes.Timeout, 504)]
    public void Status_StreamError_FollowsItsCode(string code, int status) =>
        Assert.Equal(status, StatusOf(new StreamErrorException(new StreamError(code, "text"))));

    [Fact]
    public void Status_BadRequest_IsItsOwn() => Assert.Equal(413, StatusOf(new BadHttpRequestException("too large", 413)));

    [Fact]
    public void Status_AnyOtherException_Is500() => Assert.Equal(500, StatusOf(new TimeoutException()));

    [Fact]
    public void Describe_AnyException_DoesNotTellItsText()
    {
        Assert.Equal(StreamError.Internal, StreamFailure.Describe(new InvalidOperationException("password=secret"), null, includeExceptionText: false));
        Assert.DoesNotContain(
            "secret", StreamFailure.Describe(new FrameTooLargeException(1), null, includeExceptionText: false).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_ExceptionTextIncluded_TellsTypeAndText() =>
        Assert.Equal(
            "InvalidOperationException: password=secret",
            StreamFailure.Describe(new InvalidOperationException("password=secret"), null, includeExceptionText: true).Message);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Describe_StreamError_IsItself(bool includeExceptionText)
    {
        var error = new StreamError(StreamErrorCodes.RateLimited, "Slow down.", Temporary: true, TimeSpan.FromSeconds(2));

        Assert.Equal(error, StreamFailure.Describe(new StreamErrorException(error, new InvalidOperationException("secret")), null, includeExceptionText));
    }

    [Fact]
    public void Describe_ApplicationKnowsTheException_SaysWhatItSays()
    {
        var limited = new StreamError(StreamErrorCodes.RateLimited, "Slow down.", Temporary: true, TimeSpan.FromSeconds(7));

        StreamError known = StreamFailure.Describe(new TimeoutException("secret"), failure => failure is TimeoutException ? limited : null, includeExceptionText: true);
        StreamError unknown = StreamFailure.Describe(new IOException("secret"), failure => failure is TimeoutException ? limited : null, includeExceptionText: false);

        Assert.Equal(limited, known);
        Assert.Equal(StreamError.Internal, unknown);
    }

    private static int StatusOf(Exception failure) => StreamFailure.Status(failure, StreamFailure.Describe(failure, null, includeExceptionText: false));
}
