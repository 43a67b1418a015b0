using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>One stream as the client sees it, whatever carries it.</summary>
internal sealed class ClientStream : IResponseSink
{
    private readonly TaskCompletionSource<StreamResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ClientThread _thread;
    private readonly FrameChecker _checker;
    private long _bytes;
    private long _firstByte = -1;

    public ClientStream(ClientThread thread, StreamRequest request)
    {
        _thread = thread;
        Request = request;
        Due = request.Due == 0 ? Clock.Now : request.Due;
        _checker = new FrameChecker(request.Format, request.Expected, thread.Latency);
    }

    public StreamRequest Request { get; }

    public long Due { get; }

    /// <summary>Is completed when the stream has ended, well or not.</summary>
    public Task<StreamResult> Result => _result.Task;

    public bool HasEnded => _result.Task.IsCompleted;

    public void OnFirstByte(long now)
    {
        if (_firstByte < 0)
        {
            _firstByte = Math.Max(0, now - Due);
            _thread.FirstByte.Record(_firstByte);
        }
    }

    public void OnHead() => _thread.OnHead();

    public void OnBody(ReadOnlySpan<byte> payload, long now)
    {
        long before = _checker.Events;
        _checker.Feed(payload, now);
        _bytes += payload.Length;
        _thread.OnEvents(_checker.Events - before);
    }

    public void OnEnd()
    {
        string? problem = Judge();
        if (!_checker.IsAtBoundary)
        {
            problem ??= "The stream ended inside a frame.";
        }

        if (Request.Expected.Events is { } events && events != _checker.Events)
        {
            problem ??= $"{_checker.Events} events came of {events}.";
        }

        Complete(problem);
    }

    public void OnFailure(string problem) => Complete(Judge() ?? problem);

    /// <summary>The client leaves: that is no failure of the stream, unless something was wrong before.</summary>
    public void OnLeave() => Complete(Judge());

    private string? Judge() =>
        _checker.Problem ?? (_checker.Duplicates > 0 || (_checker.Gaps > 0 && !Request.Expected.GapsAllowed)
            ? $"{_checker.Gaps} events are missing and {_checker.Duplicates} came again."
            : null);

    private void Complete(string? problem)
    {
        if (HasEnded)
        {
            return;
        }

        // Counted before anybody can know of it.
        _thread.OnEnded();
        _result.SetResult(new StreamResult(_checker.Events, _bytes, _checker.Gaps, _checker.Duplicates, _checker.KeepAlives, _firstByte, problem));
    }
}
