namespace Gai.Pipelines;

/// <summary>Names one stream to the dialects that write it down.</summary>
public readonly record struct StreamIdentity
{
    private readonly object? _request;
    private readonly Func<object, string?>? _requestIdOf;

    /// <summary>Names a stream.</summary>
    /// <param name="requestId">The id of the request.</param>
    /// <param name="traceId">The id of the trace that the request belongs to.</param>
    public StreamIdentity(string? requestId = null, string? traceId = null)
    {
        _request = requestId;
        TraceId = traceId;
    }

    /// <summary>Names a stream whose request gets its id when it is first asked for: few dialects do, and an idle stream need not hold it.</summary>
    internal StreamIdentity(object request, Func<object, string?> requestIdOf, string? traceId)
    {
        _request = request;
        _requestIdOf = requestIdOf;
        TraceId = traceId;
    }

    /// <summary>Gets the id of the request.</summary>
    public string? RequestId => _requestIdOf is null ? (string?)_request : _requestIdOf(_request!);

    /// <summary>Gets the id of the trace that the request belongs to.</summary>
    public string? TraceId { get; }
}
