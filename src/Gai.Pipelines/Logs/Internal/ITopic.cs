namespace Gai.Pipelines.Internal;

/// <summary>A topic, whatever its events are.</summary>
internal interface ITopic
{
    /// <summary>Whether a log is one of those that its events go to.</summary>
    bool Fills(LogId log);

    /// <summary>How many of its events, published at this node, its store does not have yet.</summary>
    long Waiting { get; }
}
