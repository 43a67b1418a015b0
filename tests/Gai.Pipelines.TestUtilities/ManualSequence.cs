using System.Threading.Tasks.Sources;

namespace Gai.Pipelines.TestUtilities;

/// <summary>An async enumerable in the hands of a test. Pushing to one that is waited for runs the consumer inline and allocates nothing.</summary>
/// <remarks>One enumeration. One thread pushes at a time.</remarks>
public sealed class ManualSequence<T> : IAsyncEnumerable<T>, IAsyncEnumerator<T>, IValueTaskSource<bool>
{
    private readonly Lock _lock = new();
    private readonly Queue<T> _ready = new();
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ManualResetValueTaskSourceCore<bool> _core;
    private CancellationTokenRegistration _registration;
    private Exception? _failure;
    private T _current = default!;
    private bool _isWaiting;
    private bool _hasEnded;

    /// <summary>Gets or sets whether a cancelled token ends a wait, as it should.</summary>
    public bool IgnoresCancellation { get; set; }

    public Action? OnGetEnumerator { get; set; }

    public Action? OnMoveNext { get; set; }

    public Action? OnCurrent { get; set; }

    public Func<ValueTask>? OnDispose { get; set; }

    public CancellationToken Token { get; private set; }

    public bool IsStarted { get; private set; }

    public bool IsDisposed => _disposed.Task.IsCompleted;

    public Task Disposed => _disposed.Task.OrFail("the source is disposed");

    public bool IsWaiting
    {
        get
        {
            lock (_lock)
            {
                return _isWaiting;
            }
        }
    }

    public T Current
    {
        get
        {
            OnCurrent?.Invoke();
            return _current;
        }
    }

    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        OnGetEnumerator?.Invoke();
        IsStarted = true;
        Token = cancellationToken;
        if (!IgnoresCancellation)
        {
            _registration = cancellationToken.UnsafeRegister(static (self, token) => ((ManualSequence<T>)self!).Fail(new OperationCanceledException(token)), this);
        }

        return this;
    }

    /// <summary>Gives events. The first runs a waiting consumer, before the others are there.</summary>
    public ManualSequence<T> Push(params ReadOnlySpan<T> items)
    {
        foreach (T item in items)
        {
            lock (_lock)
            {
                if (!_isWaiting)
                {
                    _ready.Enqueue(item);
                    continue;
                }

                _isWaiting = false;
                _current = item;
            }

            _core.SetResult(true);
        }

        return this;
    }

    /// <summary>Gives events that are all there when a waiting consumer runs.</summary>
    public void PushTogether(params ReadOnlySpan<T> items)
    {
        lock (_lock)
        {
            foreach (T item in items[1..])
            {
                _ready.Enqueue(item);
            }
        }

        Push(items[0]);
    }

    public ManualSequence<T> End()
    {
        lock (_lock)
        {
            _hasEnded = true;
            if (!_isWaiting)
            {
                return this;
            }

            _isWaiting = false;
        }

        _core.SetResult(false);
        return this;
    }

    public ManualSequence<T> Fail(Exception failure)
    {
        lock (_lock)
        {
            _failure = failure;
            _hasEnded = true;
            if (!_isWaiting)
            {
                return this;
            }

            _isWaiting = false;
        }

        _core.SetException(failure);
        return this;
    }

    public ValueTask<bool> MoveNextAsync()
    {
        OnMoveNext?.Invoke();
        lock (_lock)
        {
            if (_ready.TryDequeue(out T? item))
            {
                _current = item;
                return new ValueTask<bool>(true);
            }

            if (_hasEnded)
            {
                return _failure is null ? new ValueTask<bool>(false) : ValueTask.FromException<bool>(_failure);
            }

            _core.Reset();
            _isWaiting = true;
            return new ValueTask<bool>(this, _core.Version);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (IsWaiting)
        {
            throw new NotSupportedException("Disposed of in the middle of MoveNextAsync.");
        }

        await _registration.DisposeAsync();
        try
        {
            if (OnDispose is not null)
            {
                await OnDispose();
            }
        }
        finally
        {
            _disposed.TrySetResult();
        }
    }

    bool IValueTaskSource<bool>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
