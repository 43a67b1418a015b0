using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.AI;

/// <summary><c>POST /v1/messages</c>.</summary>
internal sealed class AnthropicMessagesApi : ChatApi<AnthropicCall>
{
    public static AnthropicMessagesApi Instance { get; } = new();

    public override AnthropicCall Read(RequestValue body) => AnthropicMessagesRequest.Read(body);

    public override Dialect<StreamEvent> Begin(AnthropicCall call, DialectContext context) => call.IsStreaming
        ? new AnthropicMessagesDialect(call, context.Identity.RequestId)
        : new AnthropicMessagesDocument(call);

    public override void SetHeaders(HttpContext context) => context.Response.Headers["request-id"] = context.TraceIdentifier;

    public override int StatusOf(in StreamError error, int status) => AnthropicWords.Status(error.Code, status);

    protected override void WriteFailure(Utf8JsonWriter json, in StreamError error, int status) => AnthropicWords.WriteFailure(json, error, status);
}
