using System.Text;
using System.Text.Json;

namespace Gai.Pipelines.Benchmarks.Encoders;

/// <summary>An event and the frames it must become, and how one writes its JSON by hand.</summary>
public sealed record EncoderCase(string Name, StreamEvent Event, string Sse, string Ndjson, Action<Utf8JsonWriter> ByHand)
{
    private const int Long = 64 * 1024;

    /// <summary>All cases: texts of all kinds, then events of all kinds.</summary>
    public static IEnumerable<EncoderCase> All { get; } =
    [
        Text("6 letters", "Hello!"),
        Text("14 letters", "fourteen chars"),
        Text("14 letters, UTF-8", "fourteen chars"u8.ToArray()),
        Text("400 letters", string.Concat(Enumerable.Repeat("forty letters to be written eight times,", 10))),
        Text("escapes", "say \"no\"\nto C:\\"),
        Text("not ASCII", "größer als das 漢字 🎈"),
        Text("not ASCII, UTF-8", Encoding.UTF8.GetBytes("größer als das 漢字 🎈")),
        Text("64 KB", new string('x', Long)),
        Text("64 KB, UTF-8", Encoding.UTF8.GetBytes(new string('x', Long))),
        Text("64 KB, escapes", string.Concat(Enumerable.Repeat("a \"b\"\n\\c", Long / 8))),
        Text("64 KB, not ASCII", string.Concat(Enumerable.Repeat("größer漢字", Long / 13))),
        .. EventCases.All,
    ];

    /// <summary>Gets the name: it stands in the tables.</summary>
    public override string ToString() => Name;

    private static EncoderCase Text(string name, EventText text)
    {
        string written = text.ToString();
        string json = $"\"text\":\"{written.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";
        return EventCases.Make(name, StreamEvent.TextDelta(text), "text_delta", json, json, writer =>
        {
            if (text.IsString)
            {
                writer.WriteString("text"u8, text.String);
            }
            else
            {
                writer.WriteString("text"u8, text.Utf8.Span);
            }
        });
    }
}
