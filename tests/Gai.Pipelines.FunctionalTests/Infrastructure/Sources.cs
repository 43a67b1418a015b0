using System.Runtime.CompilerServices;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests;

/// <summary>Sources of events.</summary>
internal static class Sources
{
    public static async IAsyncEnumerable<Tick> Ticks(int count, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (int n = 1; n <= count; n++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new Tick(n);
            if (n % 100 == 0)
            {
                await Task.Yield();
            }
        }
    }

    public static async IAsyncEnumerable<Tick> TicksThen(int count, Exception failure)
    {
        await foreach (Tick tick in Ticks(count))
        {
            yield return tick;
        }

        throw failure;
    }

    public static async IAsyncEnumerable<StreamEvent> Texts(params string[] texts)
    {
        foreach (string text in texts)
        {
            yield return StreamEvent.TextDelta(text);
        }

        await Task.Yield();
    }

    public static async IAsyncEnumerable<StreamEvent> TextsThen(Exception failure, params string[] texts)
    {
        await foreach (StreamEvent item in Texts(texts))
        {
            yield return item;
        }

        throw failure;
    }
}

/// <summary>Watches a source: when it starts, that it is cancelled, that it is disposed of.</summary>
internal sealed class Watched
{
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _started;
    private int _given;

    /// <summary>Gets how many events of the endless source were asked for.</summary>
    public int Given => Volatile.Read(ref _given);

    public bool IsStarted => Starts > 0;

    /// <summary>Gets how often it was enumerated.</summary>
    public int Starts => Volatile.Read(ref _started);

    public Task Cancelled => _cancelled.Task.OrFail("the source is cancelled");

    public Task Disposed => _disposed.Task.OrFail("the source is disposed of");

    public void Cancel() => _cancelled.TrySetResult();

    /// <summary>Gives events as fast as the client reads, until it is cancelled.</summary>
    public async IAsyncEnumerable<Tick> ThenTicksForEver([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _started);
        try
        {
            for (int n = 1; !cancellationToken.IsCancellationRequested; n++)
            {
                Volatile.Write(ref _given, n);
                yield return new Tick(n);
                await Task.Yield();
            }
        }
        finally
        {
            // The stream may also end while the source stands at its yield: then it is disposed of there.
            if (cancellationToken.IsCancellationRequested)
            {
                _cancelled.TrySetResult();
            }

            _disposed.TrySetResult();
        }
    }

    /// <summary>Gives some events and then is silent until it is cancelled.</summary>
    public async IAsyncEnumerable<T> ThenSilence<T>(T[] first, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _started);
        try
        {
            foreach (T item in first)
            {
                yield return item;
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ContinueWith(_ => _cancelled.TrySetResult(), TaskScheduler.Default);
        }
        finally
        {
            _disposed.TrySetResult();
        }
    }
}
