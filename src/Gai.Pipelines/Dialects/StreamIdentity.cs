namespace Gai.Pipelines;

/// <summary>Names one stream to the dialects that write it down.</summary>
/// <param name="RequestId">The id of the request.</param>
/// <param name="TraceId">The id of the trace that the request belongs to.</param>
public readonly record struct StreamIdentity(string? RequestId = null, string? TraceId = null);
