using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.AI;

/// <summary>The AI SDK's chat: a POST that is always answered with a UI message stream.</summary>
internal sealed class AISdkChatApi : ChatApi<AISdkCall>
{
    public static AISdkChatApi Instance { get; } = new();

    /// <summary>The client shows the body of a failure to people as it is.</summary>
    public override string ContentType => "text/plain; charset=utf-8";

    public override AISdkCall Read(RequestValue body) => AISdkChatRequest.Read(body);

    public override Dialect<StreamEvent> Begin(AISdkCall call, DialectContext context) => new AISdkDialect(call);

    public override void SetHeaders(HttpContext context) => context.Response.OnStarting(
        static state =>
        {
            var response = (HttpResponse)state;
            if (response.StatusCode == StatusCodes.Status200OK)
            {
                response.Headers["x-vercel-ai-ui-message-stream"] = "v1";
            }

            return Task.CompletedTask;
        },
        context.Response);

    public override void Write(IBufferWriter<byte> body, in StreamError error, int status) => Encoding.UTF8.GetBytes(error.Message, body);
}
