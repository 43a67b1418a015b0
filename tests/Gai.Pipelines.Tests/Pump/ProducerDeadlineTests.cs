using System.Threading.Channels;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Pump;

/// <summary>Producers with a deadline of their own learn why they wait.</summary>
public sealed class ProducerDeadlineTests : PumpTest
{
    private const int Capacity = 2;

    private readonly CancellationTokenSource _deadline = new();
    private readonly TaskCompletionSource<ChannelWriter<string>> _writer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _mayReturn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationToken _streamIsOver;

    [Theory]
    [InlineData("WriteAsync")]
    [InlineData("WaitToWriteAsync")]
    public async Task Write_ClientTakesNothing_SaysForHowLongAndWhatWaits(string method)
    {
        (Task<StreamOutcome> run, ChannelWriter<string> writer) = await RunWithSlowClientAsync();
        Task waiting = Wait(writer, method, _deadline.Token);
        Time.Advance(TimeSpan.FromSeconds(7));
        Assert.False(waiting.IsCompleted);

        await _deadline.CancelAsync();

        SlowClientException slow = await Assert.ThrowsAsync<SlowClientException>(() => waiting.OrFail());
        Assert.Equal((TimeSpan.FromSeconds(7), Capacity, 3L), (slow.StalledFor, slow.WaitingEvents, slow.WaitingBytes));
        Assert.Equal(_deadline.Token, slow.CancellationToken);
        Assert.IsType<OperationCanceledException>(slow.InnerException, exactMatch: false);
        Assert.Contains("taken nothing for 7.0 s, while 2 events and 3 bytes wait", slow.Message, StringComparison.Ordinal);

        // The event was not taken, and the stream goes on.
        Output.ReleaseFlush();
        await writer.WriteAsync("e", CancellationToken.None).AsTask().OrFail();
        _mayReturn.SetResult();
        Assert.Equal(StreamOutcomeReason.Completed, (await run.OrFail()).Reason);
        Assert.Equal("<a|b|c|e|>", Output.Text);
    }

    [Fact]
    public async Task Write_DeadlineIsOverAlready_SaysWhy()
    {
        (Task<StreamOutcome> run, ChannelWriter<string> writer) = await RunWithSlowClientAsync();
        Time.Advance(TimeSpan.FromSeconds(3));
        await _deadline.CancelAsync();

        SlowClientException slow = await Assert.ThrowsAsync<SlowClientException>(() => Wait(writer, "WriteAsync", _deadline.Token).OrFail());

        Assert.Equal(TimeSpan.FromSeconds(3), slow.StalledFor);
        await EndAsync(run);
    }

    [Fact]
    public async Task Write_ThereIsRoom_WaitsForNothing()
    {
        (Task<StreamOutcome> run, ChannelWriter<string> writer) = await RunAsync(Capacity + 1);

        Assert.True(Wait(writer, "WriteAsync", _deadline.Token).IsCompletedSuccessfully);
        Assert.False(Wait(writer, "WaitToWriteAsync", _deadline.Token).IsCompleted);
        await EndAsync(run);
    }

    [Fact]
    public async Task Write_TheDialectIsSlowAndNotTheClient_IsPlainlyCancelled()
    {
        using var gate = new ManualResetEventSlim();
        var isEncoding = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Dialect.OnEvent = _ =>
        {
            isEncoding.TrySetResult();
            gate.Wait(CancellationToken.None);
        };
        Task<StreamOutcome> run = RunAsync(Producer(Capacity));
        ChannelWriter<string> writer = await _writer.Task.OrFail();
        Assert.True(writer.TryWrite("a"));
        await isEncoding.Task.OrFail();
        Assert.True(writer.TryWrite("b"));
        Assert.True(writer.TryWrite("c"));
        Task waiting = Wait(writer, "WriteAsync", _deadline.Token);

        await _deadline.CancelAsync();

        Exception plain = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.OrFail());
        Assert.IsNotType<SlowClientException>(plain);
        gate.Set();
        _mayReturn.SetResult();
        await run.OrFail();
    }

    [Fact]
    public async Task Write_ClientHasCaughtUp_IsPlainlyCancelled()
    {
        (Task<StreamOutcome> run, ChannelWriter<string> writer) = await RunWithSlowClientAsync();
        Output.ReleaseFlush();
        await Deadline.UntilAsync(() => Output.Text == "<a|b|c|");
        await _deadline.CancelAsync();

        Exception plain = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Wait(writer, "WriteAsync", _deadline.Token).OrFail());

        Assert.IsNotType<SlowClientException>(plain);
        _mayReturn.SetResult();
        await run.OrFail();
    }

    [Fact]
    public async Task Write_StreamEndsMeanwhile_IsNotForTheClientsSlowness()
    {
        (Task<StreamOutcome> run, ChannelWriter<string> writer) = await RunWithSlowClientAsync();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token, _streamIsOver);
        Task waiting = Wait(writer, "WriteAsync", either.Token);

        await Client.CancelAsync();

        Exception? over = await Record.ExceptionAsync(() => waiting.OrFail());
        Assert.True(over is ChannelClosedException or OperationCanceledException and not SlowClientException, $"{over}");
        _mayReturn.SetResult();
        Assert.Equal(StreamOutcomeReason.ClientGone, (await run.OrFail()).Reason);
    }

    private static Task Wait(ChannelWriter<string> writer, string method, CancellationToken cancellationToken) => method == "WriteAsync"
        ? writer.WriteAsync("d", cancellationToken).AsTask()
        : writer.WaitToWriteAsync(cancellationToken).AsTask();

    /// <summary>Runs a stream whose first event is not taken, and whose channel is full.</summary>
    private Task<(Task<StreamOutcome> Run, ChannelWriter<string> Writer)> RunWithSlowClientAsync() => RunAsync(Capacity);

    private async Task<(Task<StreamOutcome> Run, ChannelWriter<string> Writer)> RunAsync(int capacity)
    {
        Output.HoldFlushes();
        Task<StreamOutcome> run = RunAsync(Producer(capacity));
        ChannelWriter<string> writer = await _writer.Task.OrFail();
        Assert.True(writer.TryWrite("a"));
        await Output.WaitForPendingFlushAsync();
        Assert.True(writer.TryWrite("b"));
        Assert.True(writer.TryWrite("c"));

        // The pump notices a moment after the flush has begun.
        await Deadline.UntilAsync(() => IsSlow(writer));
        return (run, writer);
    }

    private StreamSource<string> Producer(int capacity) => StreamSource.From<string>(
        (writer, cancellationToken) =>
        {
            _streamIsOver = cancellationToken;
            _writer.SetResult(writer);
            return _mayReturn.Task;
        },
        capacity);

    private static bool IsSlow(ChannelWriter<string> writer)
    {
        try
        {
            writer.WriteAsync("x", new CancellationToken(canceled: true)).AsTask().GetAwaiter().GetResult();
            return false;
        }
        catch (OperationCanceledException cancelled)
        {
            return cancelled is SlowClientException;
        }
    }

    private async Task EndAsync(Task<StreamOutcome> run)
    {
        Output.ReleaseFlush();
        _mayReturn.SetResult();
        await run.OrFail();
    }
}
