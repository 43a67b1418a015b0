using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Gai.Pipelines.TestUtilities;
using Gai.Pipelines.Tests.Dialects;

namespace Gai.Pipelines.Tests.Readers;

/// <summary>Writes events as a stream, reads them back, and says what is the same.</summary>
internal static class StreamEvents
{
    /// <summary>Writes a whole stream as the pump does it: to its end marker, or to an error.</summary>
    public static byte[] Write(Wire wire, bool withTimes, IEnumerable<StreamEvent> events)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var output = new FrameWriter(bytes);
        var settings = new DialectSettings { Timestamps = withTimes, EventIds = withTimes, TimeProvider = new StoppedClock(SampleEvents.Moment) };
        Dialect<StreamEvent> dialect = SampleEvents.Begin(wire, settings);
        dialect.WriteOpening(output);
        output.Commit();
        try
        {
            foreach (StreamEvent item in events)
            {
                dialect.WriteEvent(output, item);
                output.Commit();
            }

            dialect.WriteEnd(output);
        }
        catch (StreamErrorException failure)
        {
            output.Discard();
            dialect.WriteError(output, failure.Error);
        }

        output.Commit();
        output.Publish();
        return bytes.WrittenSpan.ToArray();
    }

    public static Task<(List<StreamEvent> Items, Exception? Failure)> ReadAsync(Wire wire, PipeReader pipe) =>
        Collected.AllAsync(StreamEventReader.ReadAsync(
            pipe, wire is Wire.GaiSse or Wire.GaiEventsSse ? StreamFormat.ServerSentEvents : StreamFormat.Ndjson, Collected.Stop));

    /// <summary>Writes all fields of an event down, as they are after the way through a dialect: text that has no form in UTF-8 is replaced, JSON compared by value.</summary>
    public static string Describe(in StreamEvent item, bool withTime)
    {
        string body = item.Type switch
        {
            StreamEventType.Start => $"{Text(item.Id)} {Text(item.Model)} {Text(item.Provider)}",
            StreamEventType.TextDelta => Text(item.Text.ToString()),
            StreamEventType.ReasoningDelta => $"{Text(item.Text.ToString())} {Text(item.Signature)}",
            StreamEventType.AudioDelta => $"{Convert.ToHexString(item.Audio.Span)} {(item.AudioFormat is { } format ? format with { Mime = FrameAttacks.WellFormed(format.Mime) } : null)}",
            StreamEventType.ToolCall => $"{Text(item.Id)} {Text(item.Name)} {Json(item.Text, "{}")} {item.Runner}",
            StreamEventType.ToolCallDelta => $"{Text(item.Id)} {Text(item.Name)} {Text(item.Text.ToString())}",
            StreamEventType.ToolResult => $"{Text(item.Id)} {Text(item.Name)} {Json(item.Text, "null")}",
            StreamEventType.Citations => string.Join("; ", item.Citations.Select(one => $"{Text(one.Uri)} {Text(one.Title)} {one.Start} {one.End}")),
            StreamEventType.Safety => $"{Text(item.Safety.Category)} {Text(item.Safety.Action)} {item.Safety.Score:R} {Text(item.Safety.Note)}",
            StreamEventType.FinishStep => $"{item.StepNumber}",
            StreamEventType.Gap => $"{item.Dropped} {item.FirstId}",
            StreamEventType.Finish => $"{Text(item.FinishReason)} {item.Usage}",
            StreamEventType.Error => $"{Text(item.Error.Code)} {Text(item.Error.Message)} {item.Error.Temporary} {item.Error.RetryAfter}",
            _ => Json(item.Text, "null"),
        };
        return $"{item.Type} {body}{(withTime ? $" at {item.Timestamp:O}" : string.Empty)}";
    }

    private static string Text(string? text) => text is null ? "none" : $"\"{FrameAttacks.WellFormed(text)}\"";

    private static string Json(EventText json, string ifEmpty) =>
        JsonSerializer.Serialize(JsonDocument.Parse(json.IsEmpty ? ifEmpty : json.ToString(), new JsonDocumentOptions { MaxDepth = 300 }).RootElement, TestJson.Default.JsonElement);
}
