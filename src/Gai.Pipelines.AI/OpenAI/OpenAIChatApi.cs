using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.AI;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal sealed class OpenAIChatApi : ChatApi<OpenAICall>
{
    public static OpenAIChatApi Instance { get; } = new();

    public override OpenAICall Read(RequestValue body) => OpenAIChatRequest.Read(body);

    public override Dialect<StreamEvent> Begin(OpenAICall call, DialectContext context) => call.IsStreaming
        ? new OpenAIChatDialect(call, context.Settings.TimeProvider)
        : new OpenAIChatDocument(call, context.Settings.TimeProvider);

    public override void SetHeaders(HttpContext context) => context.Response.Headers["x-request-id"] = context.TraceIdentifier;

    protected override void WriteFailure(Utf8JsonWriter json, in StreamError error, int status) => OpenAIWords.WriteFailure(json, error);
}
