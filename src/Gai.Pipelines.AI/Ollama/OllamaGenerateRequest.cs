using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads the body of <c>POST /api/generate</c>: a prompt, and how it is to be asked.</summary>
internal static class OllamaGenerateRequest
{
    public static OllamaCall Read(RequestValue body)
    {
        body.Refuse("suffix", "the model behind this server goes on from a prompt. Remove it.");
        body.Refuse("template", "the model behind this server has its own. Remove it.");
        body.Refuse("raw", "the model behind this server is asked in messages. Leave it out or set it to false.");
        body.Refuse("context", "answers are not remembered here as tokens. Use chat, and send the conversation.");
        OllamaCall call = OllamaOptions.Read(body);
        string prompt = body.Text("prompt") ?? string.Empty;
        if (body.Text("system") is { Length: > 0 } system)
        {
            call.Messages.Add(new ChatMessage(ChatRole.System, system));
        }

        call.Messages.Add(new ChatMessage(ChatRole.User, [new TextContent(prompt), .. OllamaOptions.ReadImages(body)]));
        if (prompt.Length == 0)
        {
            call.AskNothing(body.Optional("keep_alive"));
        }

        return call;
    }
}
