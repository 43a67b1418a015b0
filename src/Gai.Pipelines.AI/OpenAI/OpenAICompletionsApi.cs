using System.Text.Json;
using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary><c>POST /v1/completions</c>, the legacy API: a prompt, and a text that goes on from it.</summary>
internal sealed class OpenAICompletionsApi : ChatApi<OpenAICall>
{
    public static OpenAICompletionsApi Instance { get; } = new();

    public override OpenAICall Read(RequestValue body)
    {
        body.AllowOnly(
            "model", "prompt", "stream", "stream_options", "temperature", "top_p", "max_tokens", "stop", "seed", "presence_penalty", "frequency_penalty",
            "n", "best_of", "echo", "logprobs", "logit_bias", "suffix", "user");
        if (body.Int("n", 1) is > 1 || body.Int("best_of", 1) is > 1)
        {
            throw RequestError.At("n", "n and best_of are not supported above 1: the answer has one choice. Send one request for each.", StreamErrorCodes.Unsupported);
        }

        body.Refuse("echo", "the prompt is not repeated. Remove it.");
        body.Refuse("logprobs", "the model behind this server does not report it. Remove it.");
        body.Refuse("logit_bias", "the model behind this server is not asked in tokens. Remove it.");
        body.Refuse("suffix", "the model behind this server goes on from a prompt. Remove it.");
        var call = new OpenAICall();
        OpenAIOptions.ReadCommon(body, call);
        call.Options.MaxOutputTokens = body.Int("max_tokens", 1);
        call.Pass("user", body.Text("user"));
        call.Messages.Add(new ChatMessage(ChatRole.User, ReadPrompt(body.Required("prompt"))));
        return call;
    }

    public override Dialect<StreamEvent> Begin(OpenAICall call, DialectContext context) => call.IsStreaming
        ? new OpenAICompletionsDialect(call, context.Settings.TimeProvider)
        : new Document(call, context.Settings.TimeProvider);

    public override void SetHeaders(HttpContext context) => context.Response.Headers["x-request-id"] = context.TraceIdentifier;

    protected override void WriteFailure(Utf8JsonWriter json, in StreamError error, int status) => OpenAIWords.WriteFailure(json, error);

    private static string ReadPrompt(RequestValue prompt)
    {
        if (prompt.IsText)
        {
            return prompt.AsText();
        }

        RequestValue[] prompts = [.. prompt.AsItems().Take(2)];
        return prompts is [{ IsText: true } only]
            ? only.AsText()
            : throw RequestError.At("prompt", "prompt must be one text here: neither tokens nor several prompts are supported. Send one request for each.", StreamErrorCodes.Unsupported);
    }

    private sealed class Document(OpenAICall call, TimeProvider clock) : DocumentDialect
    {
        protected override void WriteDocument(FrameWriter output, CollectedAnswer answer)
        {
            output.Write("{"u8);
            var fields = new JsonFields(output, hasFields: false);
            OpenAIChunks.WriteIdentity(ref fields, "text_completion", "cmpl-", answer.Model ?? call.Model, clock.GetUtcNow());
            fields.BeginArray("\"choices\":"u8);
            fields.BeginItem();
            fields.Text("\"text\":"u8, answer.TextOf(AnswerPartKind.Text));
            fields.Number("\"index\":"u8, 0);
            fields.Null("\"logprobs\":"u8);
            fields.Text("\"finish_reason\":"u8, OpenAIWords.TextFinishReason(answer.FinishReason).ToArray());
            fields.EndObject();
            fields.EndArray();
            OpenAIWords.WriteUsage(ref fields, answer.Usage ?? default);
            output.Write("}"u8);
        }
    }
}
