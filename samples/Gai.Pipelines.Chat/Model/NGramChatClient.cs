using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Chat.Model;

/// <summary>Answers from an <see cref="NGramModel"/>, token by token, at a pace that can be set. Needs no key and no network.</summary>
/// <remarks>Safe for any number of concurrent conversations. A user message that begins with <c>/</c> is a command: see <see cref="Commands"/>.</remarks>
public sealed class NGramChatClient(NGramModel model, IOptions<ModelOptions> options, TimeProvider time) : IChatClient
{
    /// <summary>The name of the model, as it stands in its answers.</summary>
    public const string ModelId = "alice-trigram";

    private readonly ChatClientMetadata _metadata = new("embedded", providerUri: null, ModelId);

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return StreamAsync(messages, options, cancellationToken);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? requested, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ModelRequest(model, options.Value, messages, requested);
        var pacer = new Pacer(time, options.Value.TokensPerSecond);
        var stops = new StopSequences(requested?.StopSequences);
        var reply = new Reply(time.GetUtcNow());
        int limit = requested?.MaxOutputTokens ?? int.MaxValue;
        ChatFinishReason reason = ChatFinishReason.Stop;

        foreach (Step step in Script.For(request))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (step is Step.End end)
            {
                reason = end.Reason;
                break;
            }

            if (step is Step.Fail fail)
            {
                throw fail.Exception;
            }

            if (step is Step.Pause pause)
            {
                await pacer.PauseAsync(pause.Length, cancellationToken);
                continue;
            }

            if (step is Step.Result result)
            {
                yield return reply.Tool(result.Content);
                continue;
            }

            if (reply.Tokens >= limit)
            {
                reason = ChatFinishReason.Length;
                break;
            }

            await pacer.NextTokenAsync(cancellationToken);
            reply.Tokens++;
            switch (step)
            {
                case Step.Say say when stops.Push(say.Text) is { Length: > 0 } text:
                    yield return reply.Assistant(new TextContent(text));
                    break;

                case Step.Think think:
                    reply.ThinkingTokens++;
                    yield return reply.Assistant(new TextReasoningContent(think.Text));
                    break;

                case Step.Call call:
                    yield return reply.Assistant(call.Content);
                    break;
            }

            if (stops.IsHit)
            {
                break;
            }
        }

        if (stops.Flush() is { Length: > 0 } rest)
        {
            yield return reply.Assistant(new TextContent(rest));
        }

        yield return reply.Finish(reason, request.InputTokens);
    }

    /// <summary>Makes the updates of one answer, and counts its tokens. A tool's result is a message of its own, as in a conversation.</summary>
    private sealed class Reply(DateTimeOffset createdAt)
    {
        private readonly string _id = $"resp_{Guid.NewGuid():N}";
        private ChatRole _role = ChatRole.Assistant;
        private int _message;

        public int Tokens { get; set; }

        public int ThinkingTokens { get; set; }

        public ChatResponseUpdate Assistant(AIContent content) => Update(ChatRole.Assistant, content);

        public ChatResponseUpdate Tool(AIContent content) => Update(ChatRole.Tool, content);

        public ChatResponseUpdate Finish(ChatFinishReason reason, int inputTokens)
        {
            var usage = new UsageDetails
            {
                InputTokenCount = inputTokens,
                OutputTokenCount = Tokens,
                TotalTokenCount = inputTokens + Tokens,
                ReasoningTokenCount = ThinkingTokens > 0 ? ThinkingTokens : null,
            };
            ChatResponseUpdate update = Update(ChatRole.Assistant, new UsageContent(usage));
            update.FinishReason = reason;
            return update;
        }

        private ChatResponseUpdate Update(ChatRole role, AIContent content)
        {
            if (role != _role)
            {
                _role = role;
                _message++;
            }

            return new ChatResponseUpdate(role, [content])
            {
                ResponseId = _id,
                MessageId = $"{_id}_{_message}",
                ModelId = ModelId,
                CreatedAt = createdAt,
            };
        }
    }
}
