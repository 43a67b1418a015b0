using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.AI;

/// <summary><c>POST /v1/responses</c>.</summary>
internal sealed class OpenAIResponsesApi : ChatApi<OpenAIResponsesCall>
{
    public static OpenAIResponsesApi Instance { get; } = new();

    public override OpenAIResponsesCall Read(RequestValue body) => OpenAIResponsesRequest.Read(body);

    public override Dialect<StreamEvent> Begin(OpenAIResponsesCall call, DialectContext context) => call.IsStreaming
        ? new OpenAIResponsesDialect(call, context.Settings.TimeProvider)
        : new OpenAIResponsesDocument(call, context.Settings.TimeProvider);

    public override void SetHeaders(HttpContext context) => context.Response.Headers["x-request-id"] = context.TraceIdentifier;

    protected override void WriteFailure(Utf8JsonWriter json, in StreamError error, int status) => OpenAIWords.WriteFailure(json, error);
}
