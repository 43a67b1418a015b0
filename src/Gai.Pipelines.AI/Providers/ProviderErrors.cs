using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Gai.Pipelines.AI;

/// <summary>Says what a failure of a model's provider means for the client of a stream.</summary>
public static class ProviderErrors
{
    /// <summary>Says what a status of a provider means.</summary>
    /// <param name="status">The status of its response.</param>
    /// <param name="message">What the client shall read; <see langword="null"/> for a sentence that names the status.</param>
    /// <param name="retryAfter">How long the provider asks to wait, if it does.</param>
    /// <returns>The error: 429 is <see cref="StreamErrorCodes.RateLimited"/>, 529 <see cref="StreamErrorCodes.Overloaded"/>, and so on.</returns>
    public static StreamError FromStatus(HttpStatusCode status, string? message = null, TimeSpan? retryAfter = null) =>
        Error(CodeOf((int)status), message ?? $"The provider of the model answered with status {(int)status}.", retryAfter);

    /// <summary>Translates an exception of a provider's client for the client of a stream.</summary>
    /// <param name="failure">The exception.</param>
    /// <returns>
    /// An error without the text of the exception, which stays on the server; <see langword="null"/> if it says nothing of a provider. A <see cref="StreamErrorException"/> is given
    /// back as it is.
    /// </returns>
    /// <remarks>
    /// It knows, also as the cause of another: <see cref="HttpRequestException"/> with a status or without, a connection that broke, a timeout, and a stream that ended too early.
    /// </remarks>
    public static StreamErrorException? Translate(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return failure as StreamErrorException ?? (Find(failure) is { } error ? new StreamErrorException(error, failure) : null);
    }

    /// <summary>Makes an error; whether it is temporary follows from its code.</summary>
    internal static StreamError Error(string code, string message, TimeSpan? retryAfter = null) => new(code, message, IsTemporary(code), retryAfter);

    internal static string CodeOf(int status) => status switch
    {
        401 => StreamErrorCodes.Unauthorized,
        403 => StreamErrorCodes.Forbidden,
        404 => StreamErrorCodes.NotFound,
        408 or 504 => StreamErrorCodes.Timeout,
        413 => StreamErrorCodes.ContextLengthExceeded,
        429 => StreamErrorCodes.RateLimited,
        502 or 503 => StreamErrorCodes.ProviderUnavailable,
        529 => StreamErrorCodes.Overloaded,
        >= 400 and < 500 => StreamErrorCodes.InvalidRequest,
        _ => StreamErrorCodes.Internal,
    };

    /// <summary>Says what a failure means that is not one already and not the cancellation that was asked for.</summary>
    internal static bool IsProviders(Exception failure, CancellationToken cancellationToken, out StreamError error)
    {
        StreamError? found = failure is StreamErrorException || cancellationToken.IsCancellationRequested ? null : Find(failure);
        error = found.GetValueOrDefault();
        return found is not null;
    }

    /// <summary>Asks for the next item of a provider's answer, and translates its failure.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal static async ValueTask<bool> MoveNextAsync<T>(IAsyncEnumerator<T> items, CancellationToken cancellationToken)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (Exception failure) when (IsProviders(failure, cancellationToken, out StreamError error))
        {
            throw new StreamErrorException(error, failure);
        }
    }

    private static StreamError? Find(Exception failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (((cause as StreamErrorException)?.Error ?? Describe(cause)) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    private static StreamError? Describe(Exception cause) => cause switch
    {
        HttpRequestException { StatusCode: { } status } => FromStatus(status),
        TruncatedStreamException or HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } =>
            Error(StreamErrorCodes.Network, "The answer of the model's provider ended before it was complete."),
        TimeoutException => Error(StreamErrorCodes.Timeout, "The provider of the model took too long."),
        _ when cause is HttpRequestException or HttpIOException or SocketException || IsOfTls(cause) =>
            Error(StreamErrorCodes.Network, "The connection to the model's provider failed."),
        _ => null,
    };

    /// <summary>Whether it is what TLS throws when its connection ends in the middle. Those derived from it are of files.</summary>
    private static bool IsOfTls(Exception cause) => cause.GetType() == typeof(IOException);

    private static bool IsTemporary(string code) =>
        code is StreamErrorCodes.RateLimited or StreamErrorCodes.Overloaded or StreamErrorCodes.Timeout or StreamErrorCodes.Network
            or StreamErrorCodes.ProviderUnavailable or StreamErrorCodes.Internal;
}
