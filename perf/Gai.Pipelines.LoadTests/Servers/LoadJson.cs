using System.Text.Json.Serialization;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>An event as an application would declare it, for Server-Sent Events: its kind is the name of the event.</summary>
/// <param name="Text">The text.</param>
internal sealed record Delta(string Text);

/// <summary>The same as a record of NDJSON.</summary>
/// <param name="Type">The kind.</param>
/// <param name="Text">The text.</param>
internal sealed record Row(string Type, string Text)
{
    public const string TextDelta = "text_delta";
}

/// <summary>What the servers write and say, without reflection.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Delta))]
[JsonSerializable(typeof(Row))]
[JsonSerializable(typeof(ServerUsage))]
[JsonSerializable(typeof(TickPlan))]
[JsonSerializable(typeof(TickState))]
[JsonSerializable(typeof(ServerReady))]
[JsonSerializable(typeof(ServerStreams))]
[JsonSerializable(typeof(object))]
internal sealed partial class LoadJson : JsonSerializerContext;

/// <summary>What a server says first.</summary>
/// <param name="Http1Port">Where it speaks HTTP/1.1.</param>
/// <param name="Http2Port">Where it speaks HTTP/2 without TLS.</param>
internal sealed record ServerReady(int Http1Port, int Http2Port);
