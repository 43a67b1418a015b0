using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Turns the events of a stream into what an <see cref="IChatClient"/> answers with.</summary>
public static class ChatUpdates
{
    /// <summary>Gives the events of an answer as updates.</summary>
    /// <param name="events">The events, such as those of <see cref="StreamEventReader"/>.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The updates. They own all their text and bytes.</returns>
    /// <exception cref="StreamErrorException">The stream has failed: an event said so, or it was thrown.</exception>
    /// <remarks>
    /// The way back from <see cref="ChatEvents.ToStreamEventsAsync"/>. The pieces of tool calls become whole calls, in the order in which they began, when a result, the end of
    /// the step or the end of the answer comes; a code point that is cut between two pieces of text is joined. Citations become annotations of a content without
    /// text; safety verdicts and raw events are the <see cref="AIContent.RawRepresentation"/> of one, and so survive on the way back.
    /// Without a form are the provider of a start, the name of a result whose call is not in the stream, the media type of audio that is not of <c>audio/</c>, and an input of a tool
    /// that is no JSON object: that call has no arguments, and its <see cref="FunctionCallContent.Exception"/> says why. A result that is no JSON,
    /// or a text with half a surrogate pair, is given as it came.
    /// </remarks>
    public static IAsyncEnumerable<ChatResponseUpdate> ToChatResponseUpdatesAsync(
        this IAsyncEnumerable<StreamEvent> events, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(events);
        return ConvertAsync(events, cancellationToken);
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> ConvertAsync(
        IAsyncEnumerable<StreamEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var answer = new Answer();
        await foreach (StreamEvent item in events.WithCancellation(cancellationToken))
        {
            answer.Add(item);
            while (answer.TryTake(out ChatResponseUpdate? update))
            {
                yield return update;
            }
        }

        answer.End();
        while (answer.TryTake(out ChatResponseUpdate? update))
        {
            yield return update;
        }
    }

    /// <summary>One answer on its way: what is held back of it, and what is ready.</summary>
    private sealed class Answer
    {
        private readonly Queue<ChatResponseUpdate> _ready = new();
        private readonly TextJoiner _text = new();
        private readonly TextJoiner _reasoning = new();
        private readonly ToolCallJoiner _calls = new();
        private StreamEvent? _step;
        private ChatRole _role = ChatRole.Assistant;
        private string? _id;
        private string? _model;
        private string? _messageId;
        private int _messages;
        private int _steps;

        public bool TryTake([NotNullWhen(true)] out ChatResponseUpdate? update) => _ready.TryDequeue(out update);

        public void Add(in StreamEvent item)
        {
            if (item.Type != StreamEventType.Finish)
            {
                TellStep();
            }

            switch (item.Type)
            {
                case StreamEventType.Start:
                    (_id, _model, _messageId) = (item.Id, item.Model, item.Id);
                    Tell(item);
                    break;
                case StreamEventType.TextDelta:
                    TellText(item, _text.Add(item.Text));
                    break;
                case StreamEventType.ReasoningDelta:
                    TellReasoning(item, _reasoning.Add(item.Text));
                    break;
                case StreamEventType.AudioDelta:
                    Tell(item, ChatContents.ToData(item));
                    break;
                case StreamEventType.ToolCall:
                    _calls.AddWhole(item);
                    if (_calls.AreWhole)
                    {
                        TellCalls(item);
                    }

                    break;
                case StreamEventType.ToolCallDelta:
                    _calls.Add(item);
                    break;
                case StreamEventType.ToolResult:
                    TellCalls(item);
                    Tell(item, ChatRole.Tool, ChatContents.ToFunctionResult(item.Id!, item.Text.ToString()));
                    break;
                case StreamEventType.Citations:
                    Tell(item, ChatContents.ToAnnotations([.. item.Citations]));
                    break;
                case StreamEventType.FinishStep:
                    TellHeld(item);
                    _step = item;
                    break;
                case StreamEventType.Finish:
                    TellHeld(item);
                    TellFinish(item);
                    break;
                case StreamEventType.Error:
                    throw new StreamErrorException(item.Error);
                case StreamEventType.Raw:
                    string json = item.Text.ToString();
                    Tell(item, ChatContents.FromRaw(json) ?? AsItIs(item.WithText(json)));
                    break;
                case StreamEventType.None:
                    throw new InvalidOperationException("An event must say something; got one of no type, default(StreamEvent). Make events with the methods of StreamEvent.");
                default:
                    Tell(item, AsItIs(item));
                    break;
            }
        }

        public void End()
        {
            TellStep();
            TellHeld(default);
        }

        /// <summary>Tells a step that is not the last as it is. The last one comes with the finish reason.</summary>
        private void TellStep()
        {
            if (_step is not { } step)
            {
                return;
            }

            _step = null;
            _steps = step.StepNumber;
            Tell(step, AsItIs(step));
            NextMessage();
        }

        private void TellFinish(in StreamEvent finish)
        {
            if (finish.FinishReason is null || _step?.StepNumber != _steps + 1)
            {
                TellStep();
            }

            _step = null;
            AIContent[] contents = finish.Usage is { } usage ? [new UsageContent(ChatContents.ToUsage(usage))] : [];
            Tell(finish, ChatRole.Assistant, contents);
            ChatResponseUpdate update = _ready.Last();
            update.FinishReason = finish.FinishReason is { Length: > 0 } reason ? new ChatFinishReason(reason) : null;
        }

        private void TellHeld(in StreamEvent cause)
        {
            TellReasoning(cause, NullIfEmpty(_reasoning.End()));
            TellText(cause, NullIfEmpty(_text.End()));
            TellCalls(cause);
        }

        private void TellText(in StreamEvent cause, string? text)
        {
            if (text is not null)
            {
                Tell(cause, new TextContent(text));
            }
        }

        private void TellReasoning(in StreamEvent cause, string? text)
        {
            if (text is not null || cause.Signature is not null)
            {
                Tell(cause, new TextReasoningContent(text) { ProtectedData = cause.Signature });
            }
        }

        private void TellCalls(in StreamEvent cause)
        {
            foreach (AIContent call in _calls.Take())
            {
                Tell(cause, call);
            }
        }

        private void Tell(in StreamEvent cause, params AIContent[] contents) => Tell(cause, ChatRole.Assistant, contents);

        private void Tell(in StreamEvent cause, ChatRole role, params AIContent[] contents)
        {
            if (role != _role)
            {
                _role = role;
                NextMessage();
            }

            _ready.Enqueue(new ChatResponseUpdate(role, contents) { ResponseId = _id, MessageId = _messageId, ModelId = _model, CreatedAt = cause.Timestamp });
        }

        /// <summary>Results are messages of their own, and so is what the model says in the next step.</summary>
        private void NextMessage() => _messageId = _id is null ? null : string.Create(CultureInfo.InvariantCulture, $"{_id}-{++_messages}");

        private static AIContent AsItIs(in StreamEvent item) => new() { RawRepresentation = item };

        private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
    }
}
