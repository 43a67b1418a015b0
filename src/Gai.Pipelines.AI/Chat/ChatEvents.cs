using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Turns the answer of an <see cref="IChatClient"/> into the events of a stream.</summary>
public static class ChatEvents
{
    /// <summary>Asks a model and gives its answer as events.</summary>
    /// <param name="chat">The model.</param>
    /// <param name="messages">The conversation.</param>
    /// <param name="options">The options of the request, if there are any.</param>
    /// <param name="cancellationToken">Cancels the model.</param>
    /// <returns>The events: a start, what the model says, a finish.</returns>
    public static IAsyncEnumerable<StreamEvent> StreamEventsAsync(
        this IChatClient chat, IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(chat);
        ArgumentNullException.ThrowIfNull(messages);
        string? provider = (chat.GetService(typeof(ChatClientMetadata)) as ChatClientMetadata)?.ProviderName;

        // The model is not asked before somebody reads, and gets the reader's token whichever way it takes one.
        return ConvertAsync(token => chat.GetStreamingResponseAsync(messages, options, token), provider, cancellationToken);
    }

    /// <summary>Gives the updates of an answer as events.</summary>
    /// <param name="updates">The updates.</param>
    /// <param name="provider">The name of the provider, for the start event.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The events.</returns>
    /// <remarks>
    /// Text, reasoning, function calls and results, audio, citations, usage and finish reasons have events of their own; an
    /// error content fails the stream; every other content becomes a raw event with its JSON.
    /// </remarks>
    public static IAsyncEnumerable<StreamEvent> ToStreamEventsAsync(
        this IAsyncEnumerable<ChatResponseUpdate> updates, string? provider = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        return ConvertAsync(_ => updates, provider, cancellationToken);
    }

    private static async IAsyncEnumerable<StreamEvent> ConvertAsync(
        Func<CancellationToken, IAsyncEnumerable<ChatResponseUpdate>> ask, string? provider, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var answer = new AnswerState();
        await foreach (ChatResponseUpdate update in ask(cancellationToken).WithCancellation(cancellationToken))
        {
            if (!answer.HasStarted)
            {
                answer.HasStarted = true;
                yield return At(StreamEvent.Start(update.ResponseId, update.ModelId, provider), update);
            }

            IList<AIContent> contents = update.Contents;
            for (int i = 0; i < contents.Count; i++)
            {
                if (ToEvent(contents[i], answer) is { } item)
                {
                    yield return At(item, update);
                }

                if (ToCitations(contents[i]) is { } citations)
                {
                    yield return At(StreamEvent.CitationList(citations), update);
                }
            }

            if (update.FinishReason is { } reason)
            {
                answer.FinishReason = reason.Value;
                yield return At(StreamEvent.FinishStep(++answer.Steps), update);
            }
        }

        if (!answer.HasStarted)
        {
            yield return StreamEvent.Start(provider: provider);
        }

        yield return StreamEvent.Finish(answer.FinishReason, answer.Usage);
    }

    private static StreamEvent At(in StreamEvent item, ChatResponseUpdate update) =>
        update.CreatedAt is { } time ? item.At(time) : item;

    private static StreamEvent? ToEvent(AIContent content, AnswerState answer)
    {
        switch (content)
        {
            case TextContent text:
                return StreamEvent.TextDelta(text.Text);
            case TextReasoningContent reasoning:
                return StreamEvent.ReasoningDelta(reasoning.Text, reasoning.ProtectedData);
            case FunctionCallContent call:
                answer.ToolNames[call.CallId] = call.Name;
                return StreamEvent.ToolCall(call.CallId, call.Name, call.Arguments is null ? default(EventText) : ToJson(call.Arguments));
            case FunctionResultContent result:
                return StreamEvent.ToolResult(result.CallId, answer.ToolNames.GetValueOrDefault(result.CallId), ToJson(result.Result));
            case UsageContent usage:
                answer.Add(usage.Details);
                return null;
            case DataContent data when data.HasTopLevelMediaType("audio"):
                return StreamEvent.AudioDelta(data.Data, new AudioFormat(data.MediaType));
            case ErrorContent failure:
                return StreamEvent.Failure(new StreamError(failure.ErrorCode ?? StreamErrorCodes.Internal, failure.Message));
            default:
                return StreamEvent.Raw(ToJson(content));
        }
    }

    private static List<Citation>? ToCitations(AIContent content)
    {
        List<Citation>? citations = null;
        foreach (AIAnnotation annotation in content.Annotations ?? [])
        {
            if (annotation is CitationAnnotation citation)
            {
                TextSpanAnnotatedRegion? region = citation.AnnotatedRegions?.OfType<TextSpanAnnotatedRegion>().FirstOrDefault();
                (citations ??= []).Add(new Citation(
                    citation.Url?.ToString() ?? citation.FileId ?? string.Empty, citation.Title, region?.StartIndex ?? 0, region?.EndIndex ?? 0));
            }
        }

        return citations;
    }

    /// <summary>Writes compact JSON: the options of that library indent, a writer of one's own does not.</summary>
    private static ReadOnlyMemory<byte> ToJson<T>(T value)
    {
        var json = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        JsonSerializer.Serialize(writer, value, (JsonTypeInfo<T>)AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(T)));
        writer.Flush();
        return json.WrittenMemory;
    }

    /// <summary>What has to be remembered of an answer until its end.</summary>
    private sealed class AnswerState
    {
        public bool HasStarted { get; set; }

        public int Steps { get; set; }

        public string? FinishReason { get; set; }

        public TokenUsage? Usage { get; private set; }

        public Dictionary<string, string> ToolNames { get; } = new(StringComparer.Ordinal);

        public void Add(UsageDetails details)
        {
            TokenUsage sum = Usage ?? default;
            long input = sum.InputTokens + (details.InputTokenCount ?? 0);
            long output = sum.OutputTokens + (details.OutputTokenCount ?? 0);
            long total = sum.TotalTokens + (details.TotalTokenCount ?? (details.InputTokenCount ?? 0) + (details.OutputTokenCount ?? 0));
            Usage = new TokenUsage(input, output, total);
        }
    }
}
