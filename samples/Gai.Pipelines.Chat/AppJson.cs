using System.Text.Json.Serialization;
using Gai.Pipelines.Chat.Figures;

namespace Gai.Pipelines.Chat;

/// <summary>How the sample's types are written as JSON, generated at build time: no reflection on the way of an event.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ChatRequest))]
[JsonSerializable(typeof(Tick))]
[JsonSerializable(typeof(Row))]
[JsonSerializable(typeof(FiguresDocument))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class AppJson : JsonSerializerContext;
