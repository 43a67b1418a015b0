using System.Text.Json;

namespace Gai.Pipelines.AI;

/// <summary>What Ollama's endpoints have in common: lines of JSON, and an error that is one string.</summary>
internal abstract class OllamaApi(OllamaShape shape) : ChatApi<OllamaCall>
{
    public override StreamFormat StreamFormat => StreamFormat.Ndjson;

    public override Dialect<StreamEvent> Begin(OllamaCall call, DialectContext context) => call.IsStreaming
        ? new OllamaDialect(shape, call, context.Settings.TimeProvider)
        : new OllamaDocument(shape, call, context.Settings.TimeProvider);

    protected override void WriteFailure(Utf8JsonWriter json, in StreamError error, int status)
    {
        json.WriteStartObject();
        json.WriteString("error"u8, error.Message);
        json.WriteEndObject();
    }
}

/// <summary><c>POST /api/chat</c>.</summary>
internal sealed class OllamaChatApi() : OllamaApi(OllamaShape.Chat)
{
    public static OllamaChatApi Instance { get; } = new();

    public override OllamaCall Read(RequestValue body) => OllamaChatRequest.Read(body);
}

/// <summary><c>POST /api/generate</c>.</summary>
internal sealed class OllamaGenerateApi() : OllamaApi(OllamaShape.Generate)
{
    public static OllamaGenerateApi Instance { get; } = new();

    public override OllamaCall Read(RequestValue body) => OllamaGenerateRequest.Read(body);
}
