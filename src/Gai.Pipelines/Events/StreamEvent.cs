namespace Gai.Pipelines;

/// <summary>Says one thing that happens in an AI stream; every dialect of the library can write it.</summary>
/// <remarks>
/// A value: making one and passing it through a channel allocates nothing. Which properties carry something depends on
/// <see cref="Type"/>; the others have their defaults. UTF-8 text and audio are not copied: they stay the caller's and
/// must not change until the event has been encoded. Immutable, and safe to share between threads.
/// </remarks>
public readonly struct StreamEvent
{
    private const int TypeBits = 5;
    private const long TypeMask = (1 << TypeBits) - 1;
    private const long FlagBit = 1 << TypeBits;
    private const long TimedBit = 1 << (TypeBits + 1);
    private const int TimestampShift = TypeBits + 2;

    // 64 bytes, a cache line: an event is copied several times on its way. The slots are shared by the kinds of events, so
    // that the largest kind decides the size and not their sum.
    private readonly EventText _text;
    private readonly string? _id;
    private readonly object? _name;
    private readonly long _first;
    private readonly long _second;
    private readonly long _third;
    private readonly long _typeAndTime;

    private StreamEvent(
        StreamEventType type,
        EventText text = default,
        string? id = null,
        object? name = null,
        long first = 0,
        long second = 0,
        long third = 0,
        bool flag = false)
    {
        _text = text;
        _id = id;
        _name = name;
        _first = first;
        _second = second;
        _third = third;
        _typeAndTime = (long)type | (flag ? FlagBit : 0);
    }

    private StreamEvent(in StreamEvent other, long timestamp)
    {
        this = other;
        _typeAndTime = (other._typeAndTime & (TypeMask | FlagBit)) | TimedBit | (timestamp << TimestampShift);
    }

    private StreamEvent(in StreamEvent other, EventText text)
    {
        this = other;
        _text = text;
    }

    /// <summary>Gets what the event tells.</summary>
    public StreamEventType Type => (StreamEventType)(_typeAndTime & TypeMask);

    /// <summary>Gets when the event happened.</summary>
    /// <value><see langword="null"/> if nobody said: a dialect that writes time stamps then takes the time of encoding.</value>
    public DateTimeOffset? Timestamp => IsTimed ? DateTimeOffset.FromUnixTimeMilliseconds(_typeAndTime >> TimestampShift) : null;

    /// <summary>Gets the text of a text, reasoning or tool-call delta, or the JSON of a tool call, a tool result or a raw event.</summary>
    public EventText Text =>
        Type is StreamEventType.TextDelta or StreamEventType.ReasoningDelta or StreamEventType.ToolCall
            or StreamEventType.ToolCallDelta or StreamEventType.ToolResult or StreamEventType.Raw
            ? _text
            : default;

    /// <summary>Gets the id of a tool call, or of the response in a start event.</summary>
    public string? Id =>
        Type is StreamEventType.Start or StreamEventType.ToolCall or StreamEventType.ToolCallDelta or StreamEventType.ToolResult ? _id : null;

    /// <summary>Gets the name of the tool.</summary>
    /// <value><see langword="null"/> in a tool-call delta after the first.</value>
    public string? Name => Type is StreamEventType.ToolCall or StreamEventType.ToolCallDelta or StreamEventType.ToolResult ? (string?)_name : null;

    /// <summary>Gets who runs the tool of a whole tool call.</summary>
    public ToolRunner Runner => Type == StreamEventType.ToolCall && Flag ? ToolRunner.Server : ToolRunner.Client;

    /// <summary>Gets the model of a start event.</summary>
    public string? Model => Type == StreamEventType.Start ? (string?)_name : null;

    /// <summary>Gets the provider of a start event.</summary>
    public string? Provider => Type == StreamEventType.Start ? _text.String : null;

    /// <summary>Gets the opaque signature that some providers attach to their reasoning.</summary>
    public string? Signature => Type == StreamEventType.ReasoningDelta ? _id : null;

    /// <summary>Gets the bytes of an audio delta.</summary>
    public ReadOnlyMemory<byte> Audio => Type == StreamEventType.AudioDelta ? _text.Utf8 : default;

    /// <summary>Gets the format of an audio delta.</summary>
    /// <value><see langword="null"/> if nobody said.</value>
    public AudioFormat? AudioFormat =>
        Type == StreamEventType.AudioDelta && _name is string mime ? new AudioFormat(mime, (int)_first, (int)_second, (int)_third) : null;

    /// <summary>Gets the sources of a citations event.</summary>
    public IReadOnlyList<Citation> Citations => Type == StreamEventType.Citations ? (IReadOnlyList<Citation>)_name! : [];

    /// <summary>Gets the verdict of a safety event.</summary>
    public SafetyVerdict Safety =>
        Type == StreamEventType.Safety
            ? new SafetyVerdict(_id!, (string)_name!, BitConverter.Int64BitsToDouble(_first), _text.String)
            : default;

    /// <summary>Gets the number of the step that ended.</summary>
    public int StepNumber => Type == StreamEventType.FinishStep ? (int)_first : 0;

    /// <summary>Gets how many events are missing at a gap.</summary>
    /// <value>0 also for a gap of which nobody knows: what follows is another stream than what was read before.</value>
    public long Dropped => Type == StreamEventType.Gap ? _first : 0;

    /// <summary>Gets the id of the first event that follows a gap of a log.</summary>
    /// <value><see langword="null"/> if events were dropped for another reason.</value>
    public string? FirstId => Type == StreamEventType.Gap ? _id : null;

    /// <summary>Gets the usage of a finish event.</summary>
    /// <value><see langword="null"/> if the provider did not say.</value>
    public TokenUsage? Usage => Type != StreamEventType.Finish || !Flag ? null : _name is TokenUsage whole ? whole : new TokenUsage(_first, _second, _third);

    /// <summary>Gets why the answer ended, such as <see cref="FinishReasons.Stop"/>.</summary>
    public string? FinishReason => Type == StreamEventType.Finish ? _id : null;

    /// <summary>Gets the error of an error event.</summary>
    public StreamError Error =>
        Type == StreamEventType.Error
            ? new StreamError(_id!, _text.String ?? string.Empty, Flag, _second == 0 ? null : TimeSpan.FromTicks(_first)) { Parameter = (string?)_name }
            : default;

    /// <summary>Begins an answer.</summary>
    /// <param name="id">The id of the response, if it has one.</param>
    /// <param name="model">The model, if known.</param>
    /// <param name="provider">The provider, if known.</param>
    /// <returns>The event.</returns>
    public static StreamEvent Start(string? id = null, string? model = null, string? provider = null) =>
        new(StreamEventType.Start, provider, id, model);

    /// <summary>Gives a piece of the answer's text.</summary>
    /// <param name="text">The text. A code point may be split between two pieces: dialects join it again.</param>
    /// <returns>The event.</returns>
    public static StreamEvent TextDelta(EventText text) => new(StreamEventType.TextDelta, text);

    /// <summary>Gives a piece of the model's reasoning.</summary>
    /// <param name="text">The text.</param>
    /// <param name="signature">The provider's opaque signature of the reasoning, if it comes with this piece.</param>
    /// <returns>The event.</returns>
    public static StreamEvent ReasoningDelta(EventText text, string? signature = null) =>
        new(StreamEventType.ReasoningDelta, text, signature);

    /// <summary>Gives a piece of audio.</summary>
    /// <param name="audio">The bytes, which stay the caller's and must not change until they are encoded.</param>
    /// <param name="format">Their format, if known. A missing MIME type becomes an empty one.</param>
    /// <returns>The event.</returns>
    public static StreamEvent AudioDelta(ReadOnlyMemory<byte> audio, AudioFormat? format = null) =>
        format is { } known
            ? new(StreamEventType.AudioDelta, audio, null, known.Mime ?? string.Empty, known.SampleRate, known.Channels, known.BitDepth)
            : new(StreamEventType.AudioDelta, audio);

    /// <summary>Gives a whole tool call.</summary>
    /// <param name="id">The id of the call, which its result repeats.</param>
    /// <param name="name">The name of the tool.</param>
    /// <param name="input">The input, one JSON value; empty means <c>{}</c>. It is checked when it is encoded.</param>
    /// <param name="runner">Who runs the tool.</param>
    /// <returns>The event.</returns>
    /// <exception cref="ArgumentException">The id or the name is missing.</exception>
    public static StreamEvent ToolCall(string id, string name, EventText input, ToolRunner runner = ToolRunner.Client)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new(StreamEventType.ToolCall, input, id, name, flag: runner == ToolRunner.Server);
    }

    /// <summary>Gives a piece of a tool call's JSON input.</summary>
    /// <param name="id">The id of the call; the same in all its pieces.</param>
    /// <param name="name">The name of the tool, in the first piece; <see langword="null"/> in the others.</param>
    /// <param name="inputPart">The next characters of the JSON; by itself it need not be valid.</param>
    /// <returns>The event.</returns>
    /// <exception cref="ArgumentException">The id is missing.</exception>
    public static StreamEvent ToolCallDelta(string id, string? name, EventText inputPart)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return new(StreamEventType.ToolCallDelta, inputPart, id, name);
    }

    /// <summary>Gives what a tool returned.</summary>
    /// <param name="id">The id of the call that it answers.</param>
    /// <param name="name">The name of the tool, if known.</param>
    /// <param name="result">The result, one JSON value; empty means <c>null</c>. It is checked when it is encoded.</param>
    /// <returns>The event.</returns>
    /// <exception cref="ArgumentException">The id is missing.</exception>
    public static StreamEvent ToolResult(string id, string? name, EventText result)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return new(StreamEventType.ToolResult, result, id, name);
    }

    /// <summary>Names sources of the answer.</summary>
    /// <param name="citations">The sources. The list must not change until it is encoded.</param>
    /// <returns>The event.</returns>
    public static StreamEvent CitationList(IReadOnlyList<Citation> citations)
    {
        ArgumentNullException.ThrowIfNull(citations);
        return new(StreamEventType.Citations, name: citations);
    }

    /// <summary>Tells what a safety check found.</summary>
    /// <param name="verdict">The verdict.</param>
    /// <returns>The event.</returns>
    /// <exception cref="ArgumentException">The score is not a number: JSON has no form for it.</exception>
    public static StreamEvent SafetyCheck(SafetyVerdict verdict)
    {
        if (!double.IsFinite(verdict.Score))
        {
            throw new ArgumentException($"A safety score must be a finite number; got {verdict.Score}.", nameof(verdict));
        }

        return new(
            StreamEventType.Safety,
            verdict.Note,
            verdict.Category ?? string.Empty,
            verdict.Action ?? string.Empty,
            BitConverter.DoubleToInt64Bits(verdict.Score));
    }

    /// <summary>Ends a step.</summary>
    /// <param name="number">Its number.</param>
    /// <returns>The event.</returns>
    public static StreamEvent FinishStep(int number) => new(StreamEventType.FinishStep, first: number);

    /// <summary>Ends the answer.</summary>
    /// <param name="reason">Why, such as <see cref="FinishReasons.Stop"/>; <see langword="null"/> if unknown.</param>
    /// <param name="usage">What it cost, if known.</param>
    /// <returns>The event.</returns>
    public static StreamEvent Finish(string? reason = null, TokenUsage? usage = null) =>
        usage is not { } known ? new(StreamEventType.Finish, default, reason)
        : known.CachedInputTokens == 0 && known.ReasoningTokens == 0
            ? new(StreamEventType.Finish, default, reason, null, known.InputTokens, known.OutputTokens, known.TotalTokens, flag: true)
            : new(StreamEventType.Finish, default, reason, known, flag: true); // boxed, once a stream

    /// <summary>Fails the answer: the stream ends with this error, and no end marker follows.</summary>
    /// <param name="error">What the client is told.</param>
    /// <returns>The event.</returns>
    public static StreamEvent Failure(StreamError error) =>
        new(
            StreamEventType.Error,
            error.Message,
            error.Code ?? StreamErrorCodes.Internal,
            error.Parameter,
            error.RetryAfter?.Ticks ?? 0,
            error.RetryAfter is null ? 0 : 1,
            flag: error.Temporary);

    /// <summary>Gives a JSON value of the application's own.</summary>
    /// <param name="json">One JSON value. It is checked when it is encoded.</param>
    /// <returns>The event.</returns>
    public static StreamEvent Raw(EventText json) => new(StreamEventType.Raw, json);

    /// <summary>Tells that events are missing here. The pump says it itself (<see cref="SlowClientPolicy.DropOldest"/>); this is for sources that lose some.</summary>
    /// <param name="dropped">How many, at least 1.</param>
    /// <returns>The event.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    public static StreamEvent Gap(long dropped)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dropped, 1);
        return new(StreamEventType.Gap, first: dropped);
    }

    /// <summary>Tells that events of a log can no longer be had.</summary>
    /// <param name="dropped">How many, at least 0; 0 if nobody knows, because what was read before is of another log.</param>
    /// <param name="firstId">The id of the first event that can be had.</param>
    /// <returns>The event.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 0.</exception>
    public static StreamEvent Gap(long dropped, string firstId)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(dropped);
        ArgumentNullException.ThrowIfNull(firstId);
        return new(StreamEventType.Gap, first: dropped, id: firstId);
    }

    /// <summary>Says when the event happened.</summary>
    /// <param name="timestamp">The time; it is kept to the millisecond.</param>
    /// <returns>The same event with the time.</returns>
    public StreamEvent At(DateTimeOffset timestamp) => new(this, timestamp.ToUnixTimeMilliseconds());

    private bool Flag => (_typeAndTime & FlagBit) != 0;

    private bool IsTimed => (_typeAndTime & TimedBit) != 0;

    /// <summary>The text of an event whose kind is known to have one.</summary>
    internal EventText Payload => _text;

    /// <summary>Whether the text of a delta ends in the middle of a code point.</summary>
    internal bool EndsInsideCodePoint =>
        _text.String is { } text
            ? text.Length > 0 && char.IsHighSurrogate(text[^1])
            : Internal.Utf8Tail.IncompleteLength(_text.Utf8.Span) > 0;

    internal bool IsTextual => Type is StreamEventType.TextDelta or StreamEventType.ReasoningDelta or StreamEventType.ToolCallDelta;

    internal StreamEvent WithText(EventText text) => new(this, text);

    /// <summary>When the event happened, in milliseconds since 1970, if somebody said.</summary>
    internal long? TimestampMilliseconds => IsTimed ? _typeAndTime >> TimestampShift : null;

    /// <summary>When the event happened or, if nobody said, now; in milliseconds since 1970.</summary>
    internal long TimestampOrNow(TimeProvider clock) => IsTimed ? _typeAndTime >> TimestampShift : clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Gets the type and, where there is one, the text.</summary>
    public override string ToString() => Text.IsEmpty ? Type.ToString() : $"{Type}: {Text}";
}
