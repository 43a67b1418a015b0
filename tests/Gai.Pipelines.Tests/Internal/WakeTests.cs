using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Internal;

public sealed class WakeTests
{
    private readonly Wake _wake = new();

    [Fact]
    public void Take_ManySignals_GivesThemAllOnce()
    {
        _wake.Signal(WakeSignals.Source);
        _wake.Signal(WakeSignals.Ending);
        _wake.Signal(WakeSignals.Source);

        Assert.True(_wake.IsSignalled);
        Assert.Equal(WakeSignals.Source | WakeSignals.Ending, _wake.Take());
        Assert.False(_wake.IsSignalled);
        Assert.Equal(WakeSignals.None, _wake.Take());
    }

    [Fact]
    public async Task WaitAsync_SignalBefore_DoesNotWait()
    {
        _wake.Signal(WakeSignals.Tick);
        Task<WakeSignals> waiter = WaitAsync();

        Assert.True(waiter.IsCompletedSuccessfully);
        Assert.Equal(WakeSignals.Tick, await waiter);
    }

    [Fact]
    public async Task WaitAsync_SignalAfter_RunsTheWaiterInline()
    {
        Task<WakeSignals> waiter = WaitAsync();
        Assert.False(waiter.IsCompleted);
        _wake.Signal(WakeSignals.Source);

        Assert.True(waiter.IsCompleted);
        Assert.Equal(WakeSignals.Source, await waiter);
    }

    [Fact]
    public async Task Signal_OnThreadPool_DoesNotRunTheWaiterInline()
    {
        int signaller = Environment.CurrentManagedThreadId;
        using var gate = new ManualResetEventSlim();
        int resumedOn = 0;
        Task waiter = ResumeAsync();
        _wake.Signal(WakeSignals.Tick, onThreadPool: true);
        Assert.Equal(0, Volatile.Read(ref resumedOn));
        gate.Set();

        await waiter.OrFail();
        Assert.NotEqual(0, resumedOn);

        async Task ResumeAsync()
        {
            await _wake.WaitAsync();
            if (Environment.CurrentManagedThreadId != signaller)
            {
                gate.Wait(CancellationToken.None);
            }

            Volatile.Write(ref resumedOn, Environment.CurrentManagedThreadId);
        }
    }

    [Fact]
    public async Task Signal_ManyThreadsAtOnce_LosesNoneAndResumesOnce()
    {
        const int Each = 50_000;
        int[] pending = new int[4];
        int[] seen = new int[4];
        WakeSignals[] signals = [WakeSignals.Source, WakeSignals.Tick, WakeSignals.Window, WakeSignals.Ending];
        Task waiter = Task.Run(CollectAsync, CancellationToken.None);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(
            () =>
            {
                for (int n = 0; n < Each; n++)
                {
                    Interlocked.Increment(ref pending[i]);
                    _wake.Signal(signals[i], onThreadPool: (n & 1) == 0);
                }
            },
            CancellationToken.None))).OrFail();

        // A signal is lost if its waiter sleeps although something is pending.
        await waiter.OrFail();
        Assert.All(seen, count => Assert.Equal(Each, count));

        async Task CollectAsync()
        {
            while (seen.Sum() < 4 * Each)
            {
                WakeSignals taken = _wake.Take();
                if (taken == WakeSignals.None)
                {
                    await _wake.WaitAsync();
                    continue;
                }

                for (int i = 0; i < signals.Length; i++)
                {
                    if (taken.HasFlag(signals[i]))
                    {
                        seen[i] += Interlocked.Exchange(ref pending[i], 0);
                    }
                }
            }
        }
    }

    private async Task<WakeSignals> WaitAsync()
    {
        await _wake.WaitAsync();
        return _wake.Take();
    }
}
