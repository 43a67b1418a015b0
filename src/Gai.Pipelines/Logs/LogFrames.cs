namespace Gai.Pipelines;

/// <summary>Stands for the next frames of a log, on their way from a <see cref="LogCursor"/> to its response. The cursor makes it, its dialect copies them.</summary>
public readonly struct LogFrames
{
}

/// <summary>Says what a reader of a log misses.</summary>
/// <param name="Dropped">How many events can no longer be had; 0 if nobody knows, because what was read before is of another log.</param>
/// <param name="FirstSequence">The number of the first event that can be had.</param>
public readonly record struct LogGap(long Dropped, long FirstSequence);
