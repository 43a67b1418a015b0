using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>Says what a client learns of a failure: an error record after the head of the response, a status before it.</summary>
internal static class StreamFailure
{
    /// <summary>Says what a client learns.</summary>
    /// <param name="failure">What happened.</param>
    /// <param name="describe">What the application knows about exceptions.</param>
    /// <param name="includeExceptionText">Whether the text of others may leave the server.</param>
    public static StreamError Describe(Exception failure, Func<Exception, StreamError?>? describe, bool includeExceptionText) =>
        failure is StreamErrorException known ? known.Error : describe?.Invoke(failure) ?? Describe(failure, includeExceptionText);

    private static StreamError Describe(Exception failure, bool includeExceptionText) => failure switch
    {
        // What is wrong with its own request a client may be told.
        BadHttpRequestException bad => new StreamError(StreamErrorCodes.InvalidRequest, bad.Message),
        _ when includeExceptionText => StreamError.Internal with { Message = $"{failure.GetType().Name}: {failure.Message}" },
        FrameTooLargeException => StreamError.Internal with { Message = "An event was larger than this server sends." },
        _ => StreamError.Internal,
    };

    /// <summary>The status of a failure before the head of the response.</summary>
    public static int Status(Exception failure, in StreamError error) => failure is BadHttpRequestException bad ? bad.StatusCode : Status(error.Code);

    /// <summary>The code of a failure of which only the status is known.</summary>
    public static string Code(int status) => status switch
    {
        StatusCodes.Status503ServiceUnavailable => StreamErrorCodes.Overloaded,
        < StatusCodes.Status500InternalServerError => StreamErrorCodes.InvalidRequest,
        _ => StreamErrorCodes.Internal,
    };

    /// <summary>The status of an error before the head of the response.</summary>
    public static int Status(string code) => code switch
    {
        StreamErrorCodes.InvalidRequest or StreamErrorCodes.Unsupported or StreamErrorCodes.ContextLengthExceeded
            or StreamErrorCodes.SafetyBlocked => StatusCodes.Status400BadRequest,
        StreamErrorCodes.Unauthorized => StatusCodes.Status401Unauthorized,
        StreamErrorCodes.Forbidden => StatusCodes.Status403Forbidden,
        StreamErrorCodes.NotFound => StatusCodes.Status404NotFound,
        StreamErrorCodes.Cancelled => StatusCodes.Status410Gone, // nothing has failed, and to come back changes nothing
        StreamErrorCodes.RateLimited => StatusCodes.Status429TooManyRequests,
        StreamErrorCodes.Network => StatusCodes.Status502BadGateway,
        StreamErrorCodes.Overloaded or StreamErrorCodes.ProviderUnavailable or StreamErrorCodes.ServerDraining or StreamErrorCodes.Expired => StatusCodes.Status503ServiceUnavailable,
        StreamErrorCodes.Timeout => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status500InternalServerError,
    };
}
