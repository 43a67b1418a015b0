using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>The words that Ollama has for calls and for the end of an answer.</summary>
internal static class OllamaWords
{
    /// <summary>Why an answer ended. Ollama says stop also for tool calls and for a content filter.</summary>
    public static string DoneReason(string? neutral) => neutral == FinishReasons.Length ? "length" : "stop";

    /// <summary>Writes a tool call. Its arguments are an object and not a text: clients decode them into a map.</summary>
    /// <exception cref="FormatException">The input is not one JSON object.</exception>
    public static void WriteCall(ref JsonFields fields, int index, string id, string? name, in EventText input)
    {
        // It throws for what is no object, and the writer for what is no JSON.
        JsonObjectScanner.IsObject(input);
        fields.BeginItem();
        fields.Text("\"id\":"u8, id);
        fields.BeginObject("\"function\":"u8);
        fields.Number("\"index\":"u8, index);
        fields.Text("\"name\":"u8, name);
        fields.Json("\"arguments\":"u8, input, "{}"u8, "The input of a tool call");
        fields.EndObject();
        fields.EndObject();
    }

    /// <summary>Writes what the last line, or the document, ends with.</summary>
    public static void WriteDone(ref JsonFields fields, string reason, in OllamaTimes times, TokenUsage? usage)
    {
        fields.Bool("\"done\":"u8, true);
        fields.Text("\"done_reason\":"u8, reason);
        times.Write(ref fields, usage);
    }
}
