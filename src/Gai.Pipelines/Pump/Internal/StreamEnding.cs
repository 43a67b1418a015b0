namespace Gai.Pipelines.Internal;

/// <summary>Why a stream is ended from outside, and what its client is told.</summary>
internal sealed record StreamEnding(StreamOutcomeReason Reason, StreamError Farewell);
