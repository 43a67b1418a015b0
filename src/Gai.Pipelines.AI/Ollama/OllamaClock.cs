namespace Gai.Pipelines.AI;

/// <summary>Tells the time of a line. Reading the system's clock takes longer than writing a line, so it is read once a tick.</summary>
internal struct OllamaClock(TimeProvider clock)
{
    // A tick is some milliseconds: lines of a burst have the same time, and none is late by more.
    private readonly bool _ticks = clock == TimeProvider.System;
    private long _tick = long.MinValue;
    private long _milliseconds;

    /// <summary>The time in milliseconds since 1970.</summary>
    public long Milliseconds()
    {
        long tick = _ticks ? Environment.TickCount64 : 0;
        if (!_ticks || tick != _tick)
        {
            _tick = tick;
            _milliseconds = clock.GetUtcNow().ToUnixTimeMilliseconds();
        }

        return _milliseconds;
    }
}
