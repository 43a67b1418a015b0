using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>Measures what Ollama tells of the time that an answer took: until the model's first word, and from there on.</summary>
internal struct OllamaTimes(TimeProvider clock)
{
    private readonly long _start = clock.GetTimestamp();
    private long? _firstWord;

    public void OnWord() => _firstWord ??= clock.GetTimestamp();

    /// <summary>Writes durations in nanoseconds and the counts of tokens; what is zero or unknown is left out.</summary>
    public readonly void Write(ref JsonFields fields, TokenUsage? usage)
    {
        long end = clock.GetTimestamp();
        long firstWord = _firstWord ?? end;
        fields.NumberIfAny("\"total_duration\":"u8, Nanoseconds(_start, end));
        fields.NumberIfAny("\"prompt_eval_count\":"u8, usage?.InputTokens ?? 0);
        fields.NumberIfAny("\"prompt_eval_duration\":"u8, Nanoseconds(_start, firstWord));
        fields.NumberIfAny("\"eval_count\":"u8, usage?.OutputTokens ?? 0);
        fields.NumberIfAny("\"eval_duration\":"u8, Nanoseconds(firstWord, end));
    }

    private readonly long Nanoseconds(long from, long to) => clock.GetElapsedTime(from, to).Ticks * TimeSpan.NanosecondsPerTick;
}
