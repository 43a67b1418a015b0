using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Turns the answer of an <see cref="IChatClient"/> into the events of a stream.</summary>
public static class ChatEvents
{
    /// <summary>Asks a model and gives its answer as events.</summary>
    /// <param name="chat">The model. One that is an <see cref="IStreamEventSource"/> itself gives its own events.</param>
    /// <param name="messages">The conversation.</param>
    /// <param name="options">The options of the request, if there are any.</param>
    /// <param name="cancellationToken">Cancels the model.</param>
    /// <returns>
    /// The events: a start, what the model says, a finish. UTF-8 text and bytes are valid until the next event is asked for. What
    /// <see cref="ProviderErrors.Translate"/> knows of the model's exceptions becomes a <see cref="StreamErrorException"/>.
    /// </returns>
    /// <remarks>
    /// A call that the client says is informational, or that the middleware of Microsoft.Extensions.AI around it invokes, is one of <see cref="ToolRunner.Server"/>. With that
    /// middleware the tools of the caller are those that <paramref name="options"/> has as mere declarations (<see cref="AIFunctionDeclaration"/>); all others are the server's.
    /// </remarks>
    public static IAsyncEnumerable<StreamEvent> StreamEventsAsync(
        this IChatClient chat, IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(chat);
        ArgumentNullException.ThrowIfNull(messages);
        if (chat is IStreamEventSource source)
        {
            return source.StreamEventsAsync(messages, options, cancellationToken);
        }

        string? provider = (chat.GetService(typeof(ChatClientMetadata)) as ChatClientMetadata)?.ProviderName;

        // The model is not asked before somebody reads, and gets the reader's token whichever way it takes one.
        return ConvertAsync(token => chat.GetStreamingResponseAsync(messages, options, token), provider, ServerTools.Of(chat, options), cancellationToken);
    }

    /// <summary>Gives the updates of an answer as events.</summary>
    /// <param name="updates">The updates.</param>
    /// <param name="provider">The name of the provider, for the start event.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The events.</returns>
    /// <remarks>
    /// Text, reasoning with its signature, function calls and results, audio, citations, usage and finish reasons have events of their own; an
    /// error content fails the stream, except a refusal, which is text; every other content becomes a raw event with its JSON. A function call for the client whose arguments could
    /// not be read (<see cref="FunctionCallContent.Exception"/>) is left out if the limit has cut the answer off, and fails the stream otherwise. Without an event
    /// are the names of authors, the ids of messages and conversations, additional properties, raw representations, counts of tokens beyond those of <see cref="TokenUsage"/>,
    /// and the finish reason of a step that is not the last.
    /// <see cref="ChatUpdates.ToChatResponseUpdatesAsync"/> is the way back.
    /// </remarks>
    public static IAsyncEnumerable<StreamEvent> ToStreamEventsAsync(
        this IAsyncEnumerable<ChatResponseUpdate> updates, string? provider = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        return ConvertAsync(_ => updates, provider, ServerTools.None, cancellationToken);
    }

    private static async IAsyncEnumerable<StreamEvent> ConvertAsync(
        Func<CancellationToken, IAsyncEnumerable<ChatResponseUpdate>> ask, string? provider, ServerTools tools, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var answer = new AnswerState(tools);
        await using IAsyncEnumerator<ChatResponseUpdate> updates = BeginAsync(ask, cancellationToken);
        while (await ProviderErrors.MoveNextAsync(updates, cancellationToken))
        {
            ChatResponseUpdate update = updates.Current;
            if (!answer.HasStarted)
            {
                answer.HasStarted = true;
                yield return At(StreamEvent.Start(update.ResponseId, update.ModelId, provider), update);
            }

            if (answer.IsBehindStep(update))
            {
                answer.CheckCalls();
                yield return answer.EndStep();
            }

            IList<AIContent> contents = update.Contents;
            for (int i = 0; i < contents.Count; i++)
            {
                if (ToEvent(contents[i], answer) is { } item)
                {
                    yield return At(item, update);
                }

                if (ChatContents.ToCitations(contents[i]) is { } citations)
                {
                    yield return At(StreamEvent.CitationList(citations), update);
                }
            }

            answer.NoteFinish(update);
        }

        if (!answer.HasStarted)
        {
            yield return StreamEvent.Start(provider: provider);
        }

        answer.CheckCalls();
        if (answer.IsStepOver)
        {
            yield return answer.EndStep();
        }

        yield return StreamEvent.Finish(answer.HasRefused ? FinishReasons.ContentFilter : answer.FinishReason, answer.Usage);
    }

    /// <summary>Asks. A client may do that, and fail, before anybody reads.</summary>
    private static IAsyncEnumerator<ChatResponseUpdate> BeginAsync(
        Func<CancellationToken, IAsyncEnumerable<ChatResponseUpdate>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return ask(cancellationToken).GetAsyncEnumerator(cancellationToken);
        }
        catch (Exception failure) when (ProviderErrors.IsProviders(failure, cancellationToken, out StreamError error))
        {
            throw new StreamErrorException(error, failure);
        }
    }

    private static StreamEvent At(in StreamEvent item, ChatResponseUpdate update) =>
        update.CreatedAt is { } time && item.Timestamp is null ? item.At(time) : item;

    private static StreamEvent? ToEvent(AIContent content, AnswerState answer)
    {
        switch (content)
        {
            case { RawRepresentation: StreamEvent own }:
                answer.Note(own);
                return own;
            case TextContent text:
                return StreamEvent.TextDelta(text.Text);
            case TextReasoningContent reasoning:
                return StreamEvent.ReasoningDelta(reasoning.Text, reasoning.ProtectedData);
            case FunctionCallContent call:
                answer.ToolNames[call.CallId] = call.Name;
                ToolRunner runner = answer.Tools.RunnerOf(call);
                if (call.Exception is not null && runner == ToolRunner.Client)
                {
                    answer.NoteUnreadable(call);
                    return null;
                }

                return ChatContents.ToToolCall(call, runner);
            case FunctionResultContent result:
                return StreamEvent.ToolResult(result.CallId, answer.ToolNames.GetValueOrDefault(result.CallId), ChatContents.ToJson(result.Result));
            case UsageContent usage:
                answer.Add(usage.Details);
                return null;
            case DataContent data when data.HasTopLevelMediaType("audio"):
                return ChatContents.ToAudio(data);
            case ErrorContent { ErrorCode: "Refusal" } refusal:
                // What other clients of that library call so: the model's own words why it does not answer.
                answer.HasRefused = true;
                return StreamEvent.TextDelta(refusal.Message);
            case ErrorContent failure:
                return StreamEvent.Failure(new StreamError(failure.ErrorCode ?? StreamErrorCodes.Internal, failure.Message));
            default:
                return ChatContents.HasOnlyAnnotations(content) ? null : StreamEvent.Raw(ChatContents.ToRaw(content));
        }
    }

    /// <summary>What has to be remembered of an answer until its end.</summary>
    private sealed class AnswerState(ServerTools tools)
    {
        private ChatResponseUpdate? _finish;
        private FunctionCallContent? _unreadable;
        private int _steps;

        public ServerTools Tools => tools;

        public bool HasStarted { get; set; }

        public bool HasRefused { get; set; }

        public string? FinishReason { get; private set; }

        /// <summary>Whether a model has said why it ended, and its step has not been ended yet.</summary>
        public bool IsStepOver => _finish is not null;

        public TokenUsage? Usage { get; private set; }

        public Dictionary<string, string> ToolNames { get; } = new(StringComparer.Ordinal);

        public void Add(UsageDetails details)
        {
            TokenUsage sum = Usage ?? default;
            long input = details.InputTokenCount ?? 0;
            long output = details.OutputTokenCount ?? 0;
            Usage = new TokenUsage(sum.InputTokens + input, sum.OutputTokens + output, sum.TotalTokens + (details.TotalTokenCount ?? input + output))
            {
                CachedInputTokens = sum.CachedInputTokens + (details.CachedInputTokenCount ?? 0),
                ReasoningTokens = sum.ReasoningTokens + (details.ReasoningTokenCount ?? 0),
            };
        }

        /// <summary>Remembers what an event says that came through as it was.</summary>
        public void Note(in StreamEvent own)
        {
            if (own.Type == StreamEventType.FinishStep)
            {
                _steps = own.StepNumber;
                _finish = null;
            }
        }

        /// <summary>Remembers a call whose arguments nobody could read: why it is so is known when its step ends.</summary>
        public void NoteUnreadable(FunctionCallContent call) => _unreadable ??= call;

        /// <summary>Makes sure that no call of a step is missing, but for one that the limit has cut off.</summary>
        /// <exception cref="StreamErrorException">One is: a client that got it without its arguments would run the tool without them.</exception>
        public void CheckCalls()
        {
            if (_unreadable is { } call && FinishReason != FinishReasons.Length)
            {
                throw new StreamErrorException(
                    new StreamError(StreamErrorCodes.Internal, $"The model called the tool \"{call.Name}\" with an input that is no JSON object.", Temporary: true),
                    call.Exception);
            }

            _unreadable = null;
        }

        /// <summary>Remembers why a model ended. Clients say so before the usage and the calls, and again with each of them.</summary>
        public void NoteFinish(ChatResponseUpdate update)
        {
            if (update.FinishReason is { } reason)
            {
                FinishReason = ChatFinishReasons.ToNeutral(reason.Value);
                _finish = update;
            }
        }

        /// <summary>Whether a step is over, and an update does not belong to it any more.</summary>
        public bool IsBehindStep(ChatResponseUpdate update) =>
            _finish is { } finish &&
            (update.Role == ChatRole.Tool ||
             Differ(update.ResponseId, finish.ResponseId) ||
             Differ(update.MessageId, finish.MessageId) ||
             (update.FinishReason is { } reason ? reason != finish.FinishReason : SaysMore(update) && !AreOneAnswer(update, finish)));

        public StreamEvent EndStep()
        {
            StreamEvent end = At(StreamEvent.FinishStep(++_steps), _finish!);
            _finish = null;
            return end;
        }

        private static bool SaysMore(ChatResponseUpdate update) =>
            update.Contents.Any(static content => content is not UsageContent and not { RawRepresentation: StreamEvent { Type: StreamEventType.FinishStep } });

        private static bool AreOneAnswer(ChatResponseUpdate update, ChatResponseUpdate other) =>
            (update.ResponseId ?? update.MessageId) is not null && (update.ResponseId, update.MessageId) == (other.ResponseId, other.MessageId);

        private static bool Differ(string? id, string? other) => id is not null && other is not null && id != other;
    }
}
