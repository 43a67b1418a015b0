using System.IO.Pipelines;
using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Internal;

public sealed class IdleTimeoutPipeReaderTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadAsync_ReadIsOver_DisarmsItsTimer()
    {
        var pipe = new Pipe();
        var time = new ManualTimeProvider();
        using var reader = new IdleTimeoutPipeReader(pipe.Reader, TimeSpan.FromSeconds(1), time);

        ValueTask<ReadResult> read = reader.ReadAsync(Stop);
        Assert.Equal(1, time.ArmedTimers);
        await pipe.Writer.WriteAsync(new byte[1], Stop);
        await read;

        Assert.Equal(0, time.ArmedTimers);
    }

    [Fact]
    public async Task ReadAsync_TimerFiresLate_DoesNotEndTheNextRead()
    {
        var pipe = new Pipe();
        var time = new LateTimer();
        using var reader = new IdleTimeoutPipeReader(pipe.Reader, TimeSpan.FromSeconds(1), time);
        ValueTask<ReadResult> read = reader.ReadAsync(Stop);
        await pipe.Writer.WriteAsync(new byte[1], Stop);
        reader.AdvanceTo((await read).Buffer.End);

        time.Fire();
        Task<ReadResult> next = reader.ReadAsync(Stop).AsTask();
        await pipe.Writer.WriteAsync(new byte[2], Stop);

        Assert.Equal(2, (await next).Buffer.Length);
        Assert.False((await next).IsCanceled);
    }

    [Fact]
    public async Task ReadAsync_TimerOfTheReadBeforeFiresLate_DoesNotEndThisOne()
    {
        var pipe = new Pipe();
        var time = new LateTimer();
        using var reader = new IdleTimeoutPipeReader(pipe.Reader, TimeSpan.FromHours(1), time);
        ValueTask<ReadResult> read = reader.ReadAsync(Stop);
        await pipe.Writer.WriteAsync(new byte[1], Stop);
        reader.AdvanceTo((await read).Buffer.End);

        Task<ReadResult> next = reader.ReadAsync(Stop).AsTask();
        time.Fire();
        await pipe.Writer.WriteAsync(new byte[2], Stop);

        Assert.Equal(2, (await next).Buffer.Length);
        Assert.False((await next).IsCanceled);
    }

    /// <summary>The timer fires in time for a read that ends, and another begins, while the callback looks at the clock.</summary>
    [Fact]
    public async Task ReadAsync_BeginsWhileTheTimerJudgesTheOneBefore_GoesOn()
    {
        var pipe = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        var time = new LateTimer();
        using var reader = new IdleTimeoutPipeReader(pipe.Reader, TimeSpan.FromSeconds(1), time);
        ValueTask<ReadResult> read = reader.ReadAsync(Stop);
        Task<ReadResult>? next = null;
        time.Late = TimeSpan.FromHours(1);
        time.OnNextLook = () =>
        {
            Task write = pipe.Writer.WriteAsync(new byte[1], Stop).AsTask();
            Assert.True(write.IsCompletedSuccessfully && read.IsCompletedSuccessfully);
            reader.AdvanceTo(read.GetAwaiter().GetResult().Buffer.End);
            next = reader.ReadAsync(Stop).AsTask();
        };

        time.Fire();
        await pipe.Writer.WriteAsync(new byte[2], Stop);

        Assert.Equal(2, (await next!).Buffer.Length);
        Assert.False((await next!).IsCanceled);
    }

    /// <summary>From a client that floods there is always something, and whoever reads wants to leave all the same.</summary>
    [Fact]
    public async Task ReadAsync_CancelledWhileThereIsSomething_IsCancelled()
    {
        var pipe = new Pipe();
        using var reader = new IdleTimeoutPipeReader(pipe.Reader, TimeSpan.FromHours(1), TimeProvider.System);
        await pipe.Writer.WriteAsync(new byte[1], Stop);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reader.ReadAsync(new CancellationToken(canceled: true)));
    }

    /// <summary>A timer whose callback was on its way when the timer was stopped.</summary>
    private sealed class LateTimer : TimeProvider, ITimer
    {
        private Action? _fire;

        /// <summary>How much later it is than it seems.</summary>
        public TimeSpan Late { get; set; }

        /// <summary>What happens before the clock is looked at next.</summary>
        public Action? OnNextLook { get; set; }

        public override long GetTimestamp()
        {
            Action? look = OnNextLook;
            OnNextLook = null;
            look?.Invoke();
            return base.GetTimestamp() + (long)(Late.TotalSeconds * TimestampFrequency);
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _fire = () => callback(state);
            return this;
        }

        public void Fire() => _fire!();

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
