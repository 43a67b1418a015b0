using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>Says what a client learns of a failure: an error record after the head of the response, a status before it.</summary>
internal static class StreamFailure
{
    public static StreamError Describe(Exception failure, bool includeExceptionText) => failure switch
    {
        StreamErrorException known => known.Error,

        // What is wrong with its own request a client may be told.
        BadHttpRequestException bad => new StreamError(StreamErrorCodes.InvalidRequest, bad.Message),
        _ when includeExceptionText => StreamError.Internal with { Message = $"{failure.GetType().Name}: {failure.Message}" },
        FrameTooLargeException => StreamError.Internal with { Message = "An event was larger than this server sends." },
        _ => StreamError.Internal,
    };

    public static int Status(Exception failure) => failure switch
    {
        BadHttpRequestException bad => bad.StatusCode,
        StreamErrorException known => Status(known.Error.Code),
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>The code of a failure of which only the status is known.</summary>
    public static string Code(int status) => status switch
    {
        StatusCodes.Status503ServiceUnavailable => StreamErrorCodes.Overloaded,
        < StatusCodes.Status500InternalServerError => StreamErrorCodes.InvalidRequest,
        _ => StreamErrorCodes.Internal,
    };

    private static int Status(string code) => code switch
    {
        StreamErrorCodes.InvalidRequest or StreamErrorCodes.Unsupported or StreamErrorCodes.ContextLengthExceeded
            or StreamErrorCodes.SafetyBlocked => StatusCodes.Status400BadRequest,
        StreamErrorCodes.Unauthorized => StatusCodes.Status401Unauthorized,
        StreamErrorCodes.Forbidden => StatusCodes.Status403Forbidden,
        StreamErrorCodes.NotFound => StatusCodes.Status404NotFound,
        StreamErrorCodes.RateLimited => StatusCodes.Status429TooManyRequests,
        StreamErrorCodes.Network => StatusCodes.Status502BadGateway,
        StreamErrorCodes.Overloaded or StreamErrorCodes.ProviderUnavailable or StreamErrorCodes.ServerDraining => StatusCodes.Status503ServiceUnavailable,
        StreamErrorCodes.Timeout => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status500InternalServerError,
    };
}
