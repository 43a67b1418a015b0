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
    private const string LastEventIdHeader = "Last-Event-ID";
    private const string LastEventIdQuery = "lastEventId";

    private static readonly SearchValues<char> Letters = SearchValues.Create("0123456789abcdefghijklmnopqrstuv");

    /// <summary>Reads it from a request. The header goes before the query: an <c>EventSource</c> that comes back has both, and the header is newer.</summary>
    /// <returns>Whether what there is can be read.</returns>
    public static bool TryRead(HttpRequest request, out ResumePoint point, out StreamError problem)
    {
        (string name, string? id) = First(request, LastEventIdHeader, LastEventIdQuery);
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

        (name, string? streamId) = First(request, StreamIdHeader, StreamIdQuery);
        LogId? stream = after?.Log;
        if (streamId is not null)
        {
            if (!LogId.TryParse(streamId, out LogId log))
            {
                problem = Malformed(name, streamId, "the id of a stream", LogId.TextLength, "Send the value of the response's header Stream-Id, or none to begin.");
                return false;
            }

            if (after is not null && after.Value.Log != log)
            {
                problem = AnotherStream(name, "The id of the last event is of another stream than the stream's id. Send both of one stream, or one of them.");
                return false;
            }

            stream = log;
        }

        point = new ResumePoint(stream, after);
        return true;
    }

    public static StreamError AnotherStream(string parameter, string message) =>
        new(StreamErrorCodes.InvalidRequest, message) { Parameter = parameter };

    public static StreamError OfAnotherEndpoint => AnotherStream(
        LastEventIdHeader, "The id is of a stream that is not this one: an id goes on with the stream that it came from. Ask at the address that it came from, or send no id.");

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
