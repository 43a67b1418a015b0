using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Gai.Pipelines.AI;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>The sample's model, and a memory of what it said to whom. Obeys some more commands.</summary>
/// <remarks>
/// A prompt ends with a tag in brackets, which the model does not get to see: under it is found what was said.
/// <list type="bullet">
/// <item><c>/hold</c> says a word and then waits until it is cancelled.</item>
/// <item><c>/hush MARK</c> says a word, waits until the server has written MARK behind it, and says another.</item>
/// <item><c>/cut</c> says some words and stops for lack of room.</item>
/// <item><c>/any N</c> gives the events of the answer with that number: see <see cref="AnyAnswers"/>.</item>
/// <item><c>/raise CODE</c> fails with that code before it says anything; a client that may try again shall wait for 7 s.</item>
/// </list>
/// </remarks>
internal sealed partial class ObservedModel(IChatClient inner, IHttpContextAccessor requests) : IChatClient, IStreamEventSource
{
    private readonly ConcurrentDictionary<string, Answer> _answers = new(StringComparer.Ordinal);

    /// <summary>Gives the last answer under a tag.</summary>
    public Answer? AnswerTo(string tag) => _answers.GetValueOrDefault(tag);

    public static string Tagged(string prompt, string tag) => $"{prompt} [{tag}]";

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        List<ChatMessage> conversation = [.. messages];
        int last = conversation.FindLastIndex(static message => message.Role == ChatRole.User);
        string prompt = last < 0 ? "" : conversation[last].Text;
        prompt = Transcript.Match(prompt) is { Success: true } transcript ? transcript.Groups["prompt"].Value : prompt;
        Match tag = Tag.Match(prompt);
        prompt = prompt[..(prompt.Length - tag.Length)];
        if (tag.Success)
        {
            conversation[last] = new ChatMessage(ChatRole.User, prompt);
        }

        Wire wire = Wire.Of(requests.HttpContext!);
        var answer = new Answer(conversation, options, wire, wire.Length);
        _answers[tag.Groups["tag"].Value] = answer;
        bool isSecondTurn = conversation.Skip(last + 1).Any(static message => message.Role == ChatRole.Tool);
        string[] words = prompt.Split(' ', 2);
        IAsyncEnumerable<ChatResponseUpdate> updates = (isSecondTurn ? "" : words[0]) switch
        {
            "/hold" => HoldAsync(cancellationToken),
            "/hush" => HushAsync(answer, words[1], cancellationToken),
            "/cut" => CutAsync(),
            "/raise" => RaiseAsync(words[1]),
            _ => inner.GetStreamingResponseAsync(conversation, options, cancellationToken),
        };
        return RememberAsync(updates, answer, cancellationToken);
    }

    /// <summary>Gives the same answers as events; those that only events can give stand for themselves.</summary>
    public IAsyncEnumerable<StreamEvent> StreamEventsAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        List<ChatMessage> conversation = [.. messages];
        return conversation.Count > 0 && AnyCommand.Match(conversation[^1].Text) is { Success: true } any
            ? AnyAnswers.All[int.Parse(any.Groups["number"].Value, CultureInfo.InvariantCulture)].Events.ToAsyncEnumerable()
            : GetStreamingResponseAsync(conversation, options, cancellationToken).ToStreamEventsAsync("embedded", cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => inner.GetService(serviceType, serviceKey);

    public void Dispose() => inner.Dispose();

    private static async IAsyncEnumerable<ChatResponseUpdate> RememberAsync(
        IAsyncEnumerable<ChatResponseUpdate> updates, Answer answer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // However the waiting ends: this is the moment at which a model that costs money would stop.
        await using CancellationTokenRegistration registration = cancellationToken.Register(answer.Cancel);
        await foreach (ChatResponseUpdate update in updates.WithCancellation(cancellationToken))
        {
            answer.Add(update);
            yield return update;
        }
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> HoldAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return Say("Wait");
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> HushAsync(Answer answer, string mark, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return Say("Patience");
        int behind = await answer.Wire.WaitForAsync("Patience", answer.Start, cancellationToken);
        await answer.Wire.WaitForAsync(mark, behind, cancellationToken);
        yield return Say(" pays.");
        yield return End(ChatFinishReason.Stop, tokens: 2);
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> CutAsync()
    {
        await Task.Yield();
        yield return Say("This is cut");
        yield return End(ChatFinishReason.Length, tokens: 3);
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> RaiseAsync(string code)
    {
        await Task.Yield();
        bool isTemporary = code is StreamErrorCodes.RateLimited or StreamErrorCodes.Overloaded;
        throw new StreamErrorException(new StreamError(code, $"Raised: {code}.", isTemporary, isTemporary ? TimeSpan.FromSeconds(7) : null));
#pragma warning disable CS0162 // An iterator needs a yield.
        yield break;
#pragma warning restore CS0162
    }

    private static ChatResponseUpdate Say(string text) => new(ChatRole.Assistant, text) { ResponseId = "resp_1", ModelId = "alice-trigram" };

    private static ChatResponseUpdate End(ChatFinishReason reason, int tokens) => new(
        ChatRole.Assistant,
        [new UsageContent(new UsageDetails { InputTokenCount = 1, OutputTokenCount = tokens, TotalTokenCount = tokens + 1 })])
    {
        ResponseId = "resp_1",
        ModelId = "alice-trigram",
        FinishReason = reason,
    };

    [GeneratedRegex(@"/any (?<number>\d+)\b", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AnyCommand { get; }

    [GeneratedRegex(@" \[(?<tag>[^\[\]]+)\]$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Tag { get; }

    /// <summary>The AI SDK asks a model that only completes texts by writing the conversation out.</summary>
    [GeneratedRegex(@"^user:\n(?<prompt>.*)\n\nassistant:\n$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Transcript { get; }
}

/// <summary>What the model was asked, and said.</summary>
internal sealed class Answer(IReadOnlyList<ChatMessage> conversation, ChatOptions? options, Wire wire, int start)
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _reasoning = new();
    private readonly TaskCompletionSource<DateTimeOffset> _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<ChatMessage> Conversation => conversation;

    public ChatOptions? Options => options;

    public Wire Wire => wire;

    /// <summary>Gets where on the wire the response begins.</summary>
    public int Start => start;

    public string Text => _text.ToString();

    public string Reasoning => _reasoning.ToString();

    public UsageDetails? Usage { get; private set; }

    /// <summary>Gets the time at which the model was cancelled.</summary>
    public Task<DateTimeOffset> Cancelled => _cancelled.Task.OrFail("the model is cancelled");

    public void Cancel() => _cancelled.TrySetResult(DateTimeOffset.UtcNow);

    public void Add(ChatResponseUpdate update)
    {
        foreach (AIContent content in update.Contents)
        {
            switch (content)
            {
                case TextReasoningContent reasoning:
                    _reasoning.Append(reasoning.Text);
                    break;
                case TextContent text:
                    _text.Append(text.Text);
                    break;
                case UsageContent usage:
                    Usage = usage.Details;
                    break;
            }
        }
    }
}
