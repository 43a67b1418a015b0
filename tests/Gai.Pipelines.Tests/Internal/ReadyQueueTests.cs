using System.Threading.Channels;
using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Internal;

public sealed class ReadyQueueTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly StreamScheduler _scheduler;
    private readonly ReadyQueue _queue;
    private readonly ManualResetEventSlim _mayGoOn = new();
    private readonly TaskCompletionSource _isHeldUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ReadyQueueTests()
    {
        _scheduler = new StreamScheduler(_time);
        _queue = _scheduler.Ready!;
    }

    public void Dispose()
    {
        _mayGoOn.Set();
        _scheduler.Dispose();
    }

    [Fact]
    public async Task Enqueue_WhileAThreadIsAtWork_IsLeftToThatThread()
    {
        var ran = new List<(int Number, int Thread)>();
        await HoldUpAsync();
        var last = new TaskCompletionSource();
        for (int i = 0; i < 50; i++)
        {
            int number = i;
            Post(() => ran.Add((number, Environment.CurrentManagedThreadId)));
        }

        Post(last.SetResult);
        _mayGoOn.Set();
        await last.Task.OrFail();

        Assert.Equal(Enumerable.Range(0, 50), ran.Select(item => item.Number));
        Assert.Single(ran.Select(item => item.Thread).Distinct());
    }

    [Fact]
    public async Task Enqueue_AThreadIsHeldUp_AnotherGoesOn()
    {
        await HoldUpAsync();
        _time.Advance(TimeSpan.FromMilliseconds(11));

        Assert.False(_mayGoOn.IsSet);
        await PostAsync().OrFail();
    }

    [Fact]
    public async Task Enqueue_AnotherThreadHasGoneOnAndLeft_NobodyWaitsForTheOneThatIsHeldUp()
    {
        await HoldUpAsync();
        _time.Advance(TimeSpan.FromMilliseconds(11));

        for (int i = 0; i < 1_000; i++)
        {
            await PostAsync().OrFail();
        }

        Assert.False(_mayGoOn.IsSet);
    }

    [Fact]
    public async Task Enqueue_NothingMoreComes_TheSchedulersTimerCallsAnotherThread()
    {
        await HoldUpAsync();
        Task waiting = PostAsync();

        _time.Advance(TimeSpan.FromMilliseconds(600));
        await waiting.OrFail();

        // And does not come for ever.
        _mayGoOn.Set();
        await PostAsync().OrFail();
        _time.Advance(TimeSpan.FromMilliseconds(600));
        Assert.Equal(0, _time.ArmedTimers);
    }

    [Fact]
    public async Task Enqueue_TheSecondThreadIsHeldUpAsWell_TheSchedulersTimerCallsAThird()
    {
        await HoldUpAsync();
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            second.SetResult();
            _mayGoOn.Wait(CancellationToken.None);
        });
        Task waiting = PostAsync();
        _time.Advance(TimeSpan.FromMilliseconds(600));
        await second.Task.OrFail();
        _time.Advance(TimeSpan.FromMilliseconds(600));

        await waiting.OrFail();
    }

    [Fact]
    public async Task Execute_ManyInARow_CallsAnotherThread()
    {
        Assert.SkipWhen(Environment.ProcessorCount == 1, "There is no other thread to call.");
        await HoldUpAsync();
        using var mayEnd = new ManualResetEventSlim();
        for (int i = 0; i < 62; i++)
        {
            Post(static () => { });
        }

        var hasEnded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            mayEnd.Wait(CancellationToken.None);
            hasEnded.SetResult();
        });
        Task behind = PostAsync();
        _mayGoOn.Set();

        await behind.OrFail();
        mayEnd.Set();
        await hasEnded.Task.OrFail();
    }

    [Fact]
    public async Task Execute_FewThatTakeLong_CallsAnotherThread()
    {
        Assert.SkipWhen(Environment.ProcessorCount == 1, "There is no other thread to call.");
        await HoldUpAsync();
        using var mayEnd = new ManualResetEventSlim();
        Post(() => _time.Advance(TimeSpan.FromMilliseconds(6)));
        var hasEnded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            mayEnd.Wait(CancellationToken.None);
            hasEnded.SetResult();
        });
        Task behind = PostAsync();
        _mayGoOn.Set();

        await behind.OrFail();
        mayEnd.Set();
        await hasEnded.Task.OrFail();
    }

    [Fact]
    public async Task Enqueue_AfterThreadsHaveComeAndGone_RunsStill()
    {
        for (int i = 0; i < 1_000; i++)
        {
            await PostAsync().OrFail();
        }
    }

    [Fact]
    public async Task Enqueue_FromManyThreads_RunsAllOnce()
    {
        const int Threads = 4;
        const int Each = 5_000;
        var done = new TaskCompletionSource();
        int ran = 0;
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                Post(() =>
                {
                    if (Interlocked.Increment(ref ran) == Threads * Each)
                    {
                        done.SetResult();
                    }
                });
            }
        })));

        await done.Task.OrFail();
        await PostAsync().OrFail();
        Assert.Equal(Threads * Each, ran);
    }

    [Fact]
    public async Task Enqueue_ChannelGetsSomething_StreamRunsHereAndNotWithTheWriter()
    {
        Channel<int> channel = Channel.CreateUnbounded<int>(new UnboundedChannelOptions { AllowSynchronousContinuations = true });
        await HoldUpAsync();
        var before = SynchronizationContext.Current;
        var ran = new TaskCompletionSource();
        var stream = new Item(ran.SetResult);
        ValueTask<bool> answer = channel.Reader.WaitToReadAsync(TestContext.Current.CancellationToken);

        _queue.WhenAnswered(answer, () => _queue.Enqueue(stream));
        Assert.Same(before, SynchronizationContext.Current);
        Assert.False(_queue.HasItems);
        Assert.True(channel.Writer.TryWrite(1));
        Assert.True(_queue.HasItems);
        Assert.False(ran.Task.IsCompleted);

        _mayGoOn.Set();
        await ran.Task.OrFail();
    }

    /// <summary>Keeps the thread that works for the queue in its first item.</summary>
    private Task HoldUpAsync()
    {
        Post(() =>
        {
            _isHeldUp.SetResult();
            _mayGoOn.Wait(CancellationToken.None);
        });
        return _isHeldUp.Task.OrFail();
    }

    private Task PostAsync()
    {
        var ran = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(ran.SetResult);
        return ran.Task;
    }

    private void Post(Action action) => _queue.Enqueue(new Item(action));

    private sealed class Item(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }
}
