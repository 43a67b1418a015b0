using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>Enumerates a stream without waiting for anything as long as what has been read lasts.</summary>
/// <remarks>An async iterator costs about as much per item as finding a small event in a buffer; and a suspended one is not pooled.</remarks>
internal abstract class BufferedEnumeration<T>(CancellationToken cancellationToken) : IAsyncEnumerable<T>, IAsyncEnumerator<T>
{
    private CancellationToken _cancellationToken = cancellationToken;
    private CancellationTokenSource? _linked;
    private State _state;

    private enum State
    {
        Ready,
        Begun,
        Over,
    }

    public abstract T Current { get; }

    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        if (_state != State.Ready)
        {
            throw new InvalidOperationException("A stream can be enumerated once. Read it again for another time.");
        }

        _state = State.Begun;
        if (!_cancellationToken.CanBeCanceled)
        {
            _cancellationToken = cancellationToken;
        }
        else if (cancellationToken.CanBeCanceled && cancellationToken != _cancellationToken)
        {
            _linked = CancellationTokenSource.CreateLinkedTokenSource(_cancellationToken, cancellationToken);
            _cancellationToken = _linked.Token;
        }

        return this;
    }

    public ValueTask<bool> MoveNextAsync()
    {
        if (_state == State.Over)
        {
            return new ValueTask<bool>(false);
        }

        try
        {
            return TryMoveNext() ? new ValueTask<bool>(true) : MoveNextSlowAsync();
        }
        catch (Exception failure)
        {
            End();
            return ValueTask.FromException<bool>(failure);
        }
    }

    public ValueTask DisposeAsync()
    {
        End();
        return ValueTask.CompletedTask;
    }

    /// <summary>Finds the next item in what has been read.</summary>
    protected abstract bool TryMoveNext();

    /// <summary>Reads more.</summary>
    /// <returns><see langword="false"/> at the end of the stream.</returns>
    protected abstract ValueTask<bool> ReadMoreAsync(CancellationToken cancellationToken);

    /// <summary>Gives everything back; called once.</summary>
    protected abstract void Release();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> MoveNextSlowAsync()
    {
        bool hasMoved = false;
        try
        {
            while (!hasMoved && await ReadMoreAsync(_cancellationToken))
            {
                hasMoved = TryMoveNext();
            }
        }
        finally
        {
            if (!hasMoved)
            {
                End();
            }
        }

        return hasMoved;
    }

    private void End()
    {
        if (_state != State.Over)
        {
            _state = State.Over;
            Release();
            _linked?.Dispose();
        }
    }
}
