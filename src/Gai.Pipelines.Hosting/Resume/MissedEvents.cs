namespace Gai.Pipelines.Hosting;

/// <summary>Says what a client gets that comes back with an id behind which not all events can be had: some were evicted, or the id is of a stream that is no longer known.</summary>
public enum MissedEvents
{
    /// <summary>An event <c>gap</c> that says how many are missing and with which id it goes on; then all that there is. If the whole stream is gone, a new one begins behind the gap.</summary>
    Gap,

    /// <summary>412 and a problem document with code <c>events_missed</c>, which says the same. Nothing begins.</summary>
    Refuse,

    /// <summary>The stream from the first event that can be had, behind a gap that says how many before it cannot. If the whole stream is gone, a new one begins.</summary>
    FromStart,
}
