using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>What a request says of the stream that it wants: the id of the last event it has seen, or of the stream.</summary>
/// <param name="Stream">The stream, if one is named.</param>
/// <param name="After">The last event that was seen, if one is named.</param>
/// <param name="IsTerminal">Whether the id says that the stream is over.</param>
internal readonly record struct ResumePoint(LogId? Stream, LogPosition? After, bool IsTerminal = false)
{
    public const string StreamIdHeader = "Stream-Id";
    private const string StreamIdQuery = "streamId";
    private const string LastEventIdQuery = "lastEventId";

    private static readonly SearchValues<char> Letters = SearchValues.Create("0123456789abcdefghijklmnopqrstuv");

    /// <summary>Reads it from a request. The header of the last event goes before the query: an <c>EventSource</c> that comes back has both, and the header is newer.</summary>
    /// <returns>Whether what there is can be read.</returns>
    public static bool TryRead(HttpRequest request, out ResumePoint point, out StreamError problem)
    {
        (string name, string? id) = First(request, LastEventId.HeaderName, LastEventIdQuery);
        point = default;
        problem = default;
        if (TerminalEventId.Contains(id))
        {
            point = new ResumePoint(null, null, IsTerminal: true);
            return true;
        }

        LogPosition? after = null;
        if (id is not null)
        {
            if (!LogPosition.TryParse(id, out LogPosition position))
            {
                problem = Malformed(name, id, "the id of an event", LogPosition.TextLength, "Send the id of the last event as it came, or none to begin.");
                return false;
            }

            after = position;
        }

        (string by, string? streamId) = First(request, StreamIdHeader, StreamIdQuery);
        LogId? stream = after?.Log;

        // The query names the stream that it was opened with, and since then it may have been given another one, behind a gap.
        bool isOutdated = after is not null && name == LastEventId.HeaderName && by == StreamIdQuery;
        if (streamId is not null && !isOutdated)
        {
            if (!LogId.TryParse(streamId, out LogId log))
            {
                problem = Malformed(by, streamId, "the id of a stream", LogId.TextLength, "Send the value of the response's header Stream-Id, or none to begin.");
                return false;
            }

            if (after is not null && after.Value.Log != log)
            {
                problem = AnotherStream(by, "The id of the last event is of another stream than the stream's id. Send both of one stream, or one of them.");
                return false;
            }

            stream = log;
        }

        point = new ResumePoint(stream, after);
        return true;
    }

    /// <summary>What an id gets whose stream nobody knows any more.</summary>
    public static StreamError Forgotten { get; } = Missed("The stream of this id is no longer known here. Begin without an id.");

    /// <summary>Whether the client has all that there will ever be of a log, the news that there is no more included.</summary>
    public bool HasAllOf(StreamLog log) =>
        After is { } after && after.Log == log.Description.Id && after.Sequence >= log.LastSequence && log.End is { } end &&
        (end.Outcome == LogOutcome.Completed || (log.Memory.EndIsInFrames && LogDialects.TellsFailure(log.Description)));

    /// <summary>Opens a cursor behind what the client has seen.</summary>
    /// <param name="log">The log.</param>
    /// <param name="missed">What the client gets if something behind that is missing.</param>
    /// <param name="cursor">The cursor; <see langword="null"/> if the log is a copy that was given up and has to be found again.</param>
    /// <returns>What it is told if it is to get nothing, since something is missing.</returns>
    public StreamError? Open(StreamLog log, MissedEvents missed, out LogCursor? cursor)
    {
        cursor = After is { } seen ? log.TryOpenCursor(seen) : log.TryOpenCursorAtStart();
        if (After is null || cursor?.Gap is not { } gap || missed == MissedEvents.Gap)
        {
            return null;
        }

        cursor.Dispose();
        if (missed == MissedEvents.FromStart)
        {
            cursor = log.TryOpenCursorAtStart();
            return null;
        }

        var first = new LogPosition(log.Description.Id, gap.FirstSequence);
        string what = gap.Dropped > 0 ? FormattableString.Invariant($"{gap.Dropped:N0} events behind this id can no longer be had") : "This id is of no event of this stream";
        return Missed($"{what}; the first that can be had is {first}. Begin without an id.");
    }

    public static StreamError AnotherStream(string parameter, string message) =>
        new(StreamErrorCodes.InvalidRequest, message) { Parameter = parameter };

    public static StreamError OfAnotherEndpoint => AnotherStream(
        LastEventId.HeaderName, "The id is of a stream that is not this one: an id goes on with the stream that it came from. Ask at the address that it came from, or send no id.");

    private static StreamError Missed(string message) => new(StreamErrorCodes.EventsMissed, message) { Parameter = LastEventId.HeaderName };

    private static (string Name, string? Value) First(HttpRequest request, string header, string query)
    {
        string? value = request.Headers[header];
        if (!string.IsNullOrEmpty(value))
        {
            return (header, value);
        }

        value = request.Query[query];
        return (query, string.IsNullOrEmpty(value) ? null : value);
    }

    private static StreamError Malformed(string parameter, string value, string what, int length, string remedy)
    {
        int at = value.AsSpan().IndexOfAnyExcept(Letters);
        string actual = value.Length != length
            ? string.Create(CultureInfo.InvariantCulture, $"this one has {value.Length:N0}")
            : at >= 0
                ? string.Create(CultureInfo.InvariantCulture, $"this one has another at index {at}")
                : "this one is none that a server makes";
        return new StreamError(
            StreamErrorCodes.InvalidRequest,
            string.Create(CultureInfo.InvariantCulture, $"{parameter} is not {what}: it has {length} digits and letters from a to v, and {actual}. {remedy}")) { Parameter = parameter };
    }
}
