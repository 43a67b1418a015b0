using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Hosting;

/// <summary>What the readers of one log at this server share.</summary>
internal sealed class Reading
{
    private static readonly ConditionalWeakTable<StreamLog, Reading> OfLogs = [];

    private Func<LogCursor, DialectFactory<LogFrames>>? _dialects;
    private ActivityContext? _begun;

    /// <summary>Makes the dialect of a response, if what the log is written in is known here: from who has begun its producer, or from its topic.</summary>
    public Func<LogCursor, DialectFactory<LogFrames>>? Dialects => Volatile.Read(ref _dialects);

    public static Reading Of(StreamLog log) => OfLogs.GetOrCreateValue(log);

    /// <summary>Remembers how the events are written.</summary>
    public void Know<T>(DialectFactory<T> dialects) =>
        Volatile.Write(ref _dialects, cursor => cursor.DialectsOver(dialects));

    /// <summary>Gives the activity of the response that began the log, for all others to link to.</summary>
    /// <returns><see langword="null"/> for the first, whose own is <paramref name="own"/>.</returns>
    public ActivityContext? LinkOf(Activity? own)
    {
        lock (OfLogs)
        {
            ActivityContext? begun = _begun;
            _begun ??= own?.Context;
            return begun;
        }
    }
}
