using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Gai.Pipelines.TestUtilities;

/// <summary>Keeps what is written, flush by flush. Flushes can be held, fail, or say that nobody reads.</summary>
/// <remarks>One thread writes; any thread may look and wait.</remarks>
public sealed class RecordingPipeWriter : PipeWriter
{
    private readonly Lock _lock = new();
    private readonly ArrayBufferWriter<byte> _unflushed = new();
    private readonly List<string> _flushes = [];
    private readonly List<(Func<RecordingPipeWriter, bool> Condition, TaskCompletionSource Arrival)> _waiters = [];
    private TaskCompletionSource<FlushResult>? _pending;
    private bool _holdsFlushes;
    private bool _cancelNext;

    /// <summary>Gets or sets what a flush throws.</summary>
    public Exception? FlushFailure { get; set; }

    /// <summary>Gets or sets whether flushes say that nobody reads any more.</summary>
    public bool IsReaderGone { get; set; }

    /// <summary>Gets or sets what is called at the beginning of each flush.</summary>
    public Action? OnFlush { get; set; }

    /// <summary>Gets the texts of the flushes.</summary>
    public IReadOnlyList<string> Flushes
    {
        get
        {
            lock (_lock)
            {
                return [.. _flushes];
            }
        }
    }

    /// <summary>Gets all text that was flushed.</summary>
    public string Text => string.Concat(Flushes);

    public bool IsFlushPending
    {
        get
        {
            lock (_lock)
            {
                return _pending is not null;
            }
        }
    }

    public int CancelledFlushes { get; private set; }

    /// <summary>Gets or sets whether a flush that is cancelled has just ended by itself: the other end took it at that moment.</summary>
    public bool CancelsTooLate { get; set; }

    /// <summary>Lets the following flushes wait for <see cref="ReleaseFlush"/>.</summary>
    public void HoldFlushes()
    {
        lock (_lock)
        {
            _holdsFlushes = true;
        }
    }

    /// <summary>Ends the flush that waits; further ones do not.</summary>
    public void ReleaseFlush()
    {
        TaskCompletionSource<FlushResult>? pending;
        lock (_lock)
        {
            _holdsFlushes = false;
            pending = _pending;
            _pending = null;
        }

        pending?.SetResult(new FlushResult(isCanceled: false, isCompleted: IsReaderGone));
    }

    public Task WaitForFlushesAsync(int count) => WaitForAsync(writer => writer._flushes.Count >= count, $"{count} flushes");

    public Task WaitForTextAsync(string text) => WaitForAsync(writer => string.Concat(writer._flushes).Contains(text, StringComparison.Ordinal), $"the text {text}");

    public Task WaitForPendingFlushAsync() => WaitForAsync(writer => writer._pending is not null, "a flush that waits");

    public override void Advance(int bytes) => _unflushed.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _unflushed.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _unflushed.GetSpan(sizeHint);

    public override void Complete(Exception? exception = null)
    {
    }

    public override void CancelPendingFlush()
    {
        TaskCompletionSource<FlushResult>? pending;
        lock (_lock)
        {
            CancelledFlushes++;
            pending = _pending;
            _pending = null;
            _cancelNext = pending is null;
        }

        pending?.SetResult(new FlushResult(isCanceled: !CancelsTooLate, isCompleted: false));
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        OnFlush?.Invoke();
        if (FlushFailure is { } failure)
        {
            throw failure;
        }

        List<TaskCompletionSource> arrived = [];
        ValueTask<FlushResult> result;
        lock (_lock)
        {
            _flushes.Add(Encoding.UTF8.GetString(_unflushed.WrittenSpan));
            _unflushed.ResetWrittenCount();
            if (_holdsFlushes && !_cancelNext)
            {
                _pending = new TaskCompletionSource<FlushResult>();
                result = new ValueTask<FlushResult>(_pending.Task);
            }
            else
            {
                result = new ValueTask<FlushResult>(new FlushResult(isCanceled: _cancelNext, isCompleted: IsReaderGone));
                _cancelNext = false;
            }

            foreach ((Func<RecordingPipeWriter, bool> Condition, TaskCompletionSource Arrival) waiter in _waiters.Where(waiter => waiter.Condition(this)).ToList())
            {
                _waiters.Remove(waiter);
                arrived.Add(waiter.Arrival);
            }
        }

        arrived.ForEach(arrival => arrival.SetResult());
        return result;
    }

    private Task WaitForAsync(Func<RecordingPipeWriter, bool> condition, string what)
    {
        lock (_lock)
        {
            if (condition(this))
            {
                return Task.CompletedTask;
            }

            var arrival = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((condition, arrival));
            return arrival.Task.OrFail(what);
        }
    }
}
