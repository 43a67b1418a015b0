namespace Gai.Pipelines.Internal;

/// <summary>Something that waits for its time in a <see cref="TimingWheel"/>. The entry is its own list node.</summary>
internal abstract class TimingEntry
{
    internal TimingEntry? Previous;
    internal TimingEntry? Next;
    internal TimingEntry? NextDue;
    internal long DueTick;
    internal bool IsQueued;
    internal bool IsDue;
    internal bool IsRetired;

    /// <summary>The time has come. Called without any lock, on the timer's thread or, of many that are due together, on one that helps it. Who is held up here does not hold up others for long: another thread goes on with them.</summary>
    protected internal abstract void OnDue();
}
