using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.Hosting;

/// <summary>The library's log messages: one a stream, one more for what threw when it was over, never one an event.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "The source of {Path} failed after {Events} events; the client was told by an error record.", EventName = "StreamFailed")]
    public static partial void StreamFailed(ILogger logger, string path, long events, Exception exception);

    [LoggerMessage(2, LogLevel.Error, "The source of {Path} failed before its first event; the client got status {Status}.", EventName = "StreamFailedEarly")]
    public static partial void StreamFailedEarly(ILogger logger, string path, int status, Exception exception);

    [LoggerMessage(3, LogLevel.Debug, "The client of {Path} left after {Events} events.", EventName = "ClientGone")]
    public static partial void ClientGone(ILogger logger, string path, long events);

    [LoggerMessage(4, LogLevel.Error, "The output of {Path} failed after {Events} events, although its client is there; the connection was broken off.", EventName = "OutputFailed")]
    public static partial void OutputFailed(ILogger logger, string path, long events, Exception exception);

    [LoggerMessage(5, LogLevel.Debug, "The request to {Path} was refused with status {Status}: {Reason}", EventName = "StreamRefused")]
    public static partial void StreamRefused(ILogger logger, string path, int status, string reason);

    [LoggerMessage(6, LogLevel.Warning, "The source of {Path}, or a listener to its figures, threw after its stream was over.", EventName = "SourceDisposalFailed")]
    public static partial void SourceDisposalFailed(ILogger logger, string path, Exception exception);

    [LoggerMessage(7, LogLevel.Information, "{Streams} streams are open while the server shuts down; they may finish or are ended.", EventName = "Draining")]
    public static partial void Draining(ILogger logger, int streams);

    [LoggerMessage(10, LogLevel.Warning, "{Streams} streams did not end within {Limit} and were broken off: their clients do not read, or their sources ignore their cancellation.", EventName = "DrainTimedOut")]
    public static partial void DrainTimedOut(ILogger logger, int streams, TimeSpan limit);

    [LoggerMessage(11, LogLevel.Information, "The client of {Path} was disconnected after {Events} events because it did not read.", EventName = "ClientTooSlow")]
    public static partial void ClientTooSlow(ILogger logger, string path, long events);

    [LoggerMessage(12, LogLevel.Debug, "The stream of {Path} was ended after {Events} events: {Reason}.", EventName = "StreamEnded")]
    public static partial void StreamEnded(ILogger logger, string path, long events, StreamOutcomeReason reason);

    [LoggerMessage(13, LogLevel.Error, "MayGoOn threw, or did not answer in time, for a stream of {Path}, which is ended: who cannot be checked may not read.", EventName = "AuthorizationCheckFailed")]
    public static partial void AuthorizationCheckFailed(ILogger logger, string path, Exception exception);

    [LoggerMessage(8, LogLevel.Warning, "The stream of {Path} ended as failed after {Events} events: {Reason}", EventName = "StreamAbandoned")]
    public static partial void StreamAbandoned(ILogger logger, string path, long events, string reason);

    [LoggerMessage(9, LogLevel.Error, "OnClosed of a stream of {Path} threw. The stream was over, and its client has noticed nothing.", EventName = "OnClosedFailed")]
    public static partial void OnClosedFailed(ILogger logger, string path, Exception exception);

    [LoggerMessage(14, LogLevel.Error, "The producer of a resumable stream of {Path} failed after {Events} events; its readers were told.", EventName = "ProducerFailed")]
    public static partial void ProducerFailed(ILogger logger, string path, long events, Exception exception);

    [LoggerMessage(15, LogLevel.Debug, "The producer of a resumable stream of {Path} ended after {Events} events: {Reason}.", EventName = "ProducerEnded")]
    public static partial void ProducerEnded(ILogger logger, string path, long events, StreamOutcomeReason reason);

    [LoggerMessage(16, LogLevel.Warning, "The store of stream logs failed for {Stream}; it is tried again.", EventName = "LogStoreFailed")]
    public static partial void LogStoreFailed(ILogger logger, LogId stream, Exception exception);

    [LoggerMessage(17, LogLevel.Information, "The request to {Path} timed out, and its stream was broken off after {Events} events.", EventName = "RequestTimedOut")]
    public static partial void RequestTimedOut(ILogger logger, string path, long events);
}
