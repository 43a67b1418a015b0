namespace Gai.Pipelines.Internal;

/// <summary>A stream that can be ended from outside, whatever its events are.</summary>
internal interface IOpenStream
{
    void End(StreamOutcomeReason reason, StreamError farewell);
}
