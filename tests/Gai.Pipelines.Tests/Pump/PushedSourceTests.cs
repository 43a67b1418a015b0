using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Pump;

public sealed class PushedSourceTests : PumpTest
{
    private readonly Channel<string> _channel = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { AllowSynchronousContinuations = true });

    [Fact]
    public async Task RunAsync_ChannelReader_WritesInOrderUntilItIsCompleted()
    {
        _channel.Writer.TryWrite("a");
        _channel.Writer.TryWrite("b");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(_channel.Reader));
        _channel.Writer.TryWrite("c");
        _channel.Writer.Complete();

        Assert.Equal(new StreamOutcome(StreamOutcomeReason.Completed, 3, 8, 4, HeadSent: true), await run.OrFail());
        Assert.Equal(["<a|", "b|", "c|", ">"], Output.Flushes);
    }

    [Fact]
    public async Task RunAsync_ChannelThatFails_FailsWithItsException()
    {
        var failure = new InvalidOperationException();
        _channel.Writer.TryWrite("a");
        _channel.Writer.Complete(failure);

        StreamOutcome outcome = await RunAsync(StreamSource.From(_channel.Reader)).OrFail();
        Assert.Same(failure, outcome.Exception);
        Assert.Equal("<a|!internal", Output.Text);
    }

    [Fact]
    public async Task RunAsync_ChannelThatFailsAtOnce_SendsNoHead()
    {
        _channel.Writer.Complete(new InvalidOperationException());

        StreamOutcome outcome = await RunAsync(StreamSource.From(_channel.Reader)).OrFail();
        Assert.Equal((StreamOutcomeReason.SourceFailed, false), (outcome.Reason, outcome.HeadSent));
    }

    [Fact]
    public async Task RunAsync_ClientGone_CompletesTheWriterOfAChannelThatIsSilent()
    {
        Task<StreamOutcome> run = RunAsync(StreamSource.From(_channel));
        await Client.CancelAsync();

        Assert.Equal(StreamOutcomeReason.ClientGone, (await run.OrFail()).Reason);
        await Assert.ThrowsAsync<ChannelClosedException>(() => _channel.Writer.WriteAsync("late", CancellationToken.None).AsTask());
        Assert.Equal(0, Time.ArmedTimers);
    }

    [Fact]
    public async Task RunAsync_ClientGone_LeavesNothingOfTheStreamInAReaderThatStaysSilent()
    {
        WeakReference output = await LeaveAsync();
        await Deadline.UntilAsync(() =>
        {
            GC.Collect();
            return !output.IsAlive;
        });
        GC.KeepAlive(_channel);

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task<WeakReference> LeaveAsync()
        {
            using var client = new CancellationTokenSource();
            var held = new RecordingPipeWriter();
            Task<StreamOutcome> run = new EventPump<string>(StreamSource.From(_channel.Reader), new MarkingDialect(), held, Settings).RunAsync(client.Token);
            await client.CancelAsync();
            await run.OrFail();
            return new WeakReference(held);
        }
    }

    [Fact]
    public async Task RunAsync_ClientGone_FreesAProducerThatWaitsForRoom()
    {
        Channel<string> full = Channel.CreateBounded<string>(1);
        Output.HoldFlushes();
        full.Writer.TryWrite("a");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(full));
        full.Writer.TryWrite("b");
        Task waiting = full.Writer.WriteAsync("c", CancellationToken.None).AsTask();
        Assert.False(waiting.IsCompleted);
        await Client.CancelAsync();

        Assert.Equal(StreamOutcomeReason.ClientGone, (await run.OrFail()).Reason);
        await Assert.ThrowsAsync<ChannelClosedException>(() => waiting.OrFail());
    }

    [Fact]
    public async Task RunAsync_DialectFails_CompletesTheWriterWithTheFailure()
    {
        var failure = new InvalidOperationException();
        Dialect.OnEvent = _ => throw failure;
        _channel.Writer.TryWrite("a");

        await RunAsync(StreamSource.From(_channel)).OrFail();
        Assert.Same(failure, await Assert.ThrowsAsync<InvalidOperationException>(() => _channel.Reader.Completion.OrFail()));
    }

    [Fact]
    public async Task RunAsync_ClientGone_LeavesABareReaderAloneAndTakesNoEventWithIt()
    {
        Task<StreamOutcome> run = RunAsync(StreamSource.From(_channel.Reader));
        _channel.Writer.TryWrite("a");
        await Client.CancelAsync();
        await run.OrFail();

        Assert.True(_channel.Writer.TryWrite("b"));
        Assert.True(_channel.Writer.TryWrite("c"));
        Assert.True(_channel.Reader.TryRead(out string? next));
        Assert.Equal("b", next);
        Assert.Equal("<a|", Output.Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunAsync_SecondStreamOverTheSameReader_GoesOnWhereTheFirstLeft(bool isSingleReader)
    {
        Channel<string> channel = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = isSingleReader });
        Task<StreamOutcome> first = RunAsync(StreamSource.From(channel.Reader));
        await Client.CancelAsync();
        await first.OrFail();

        var second = new EventPump<string>(StreamSource.From(channel.Reader), new MarkingDialect(), Output, Settings);
        Task<StreamOutcome> run = second.RunAsync(CancellationToken.None);
        channel.Writer.TryWrite("a");
        channel.Writer.TryWrite("b");
        channel.Writer.Complete();

        Assert.Equal(2, (await run.OrFail()).Events);
        Assert.Equal("<a|b|>", Output.Text);
    }

    [Fact]
    public async Task RunAsync_ProducerWithManyThreads_WritesAllEventsInTheOrderOfEach()
    {
        const int Threads = 8;
        const int Each = 2_000;
        List<string> written = [];
        Dialect.OnEvent = written.Add;

        StreamOutcome outcome = await RunAsync(
            StreamSource.From<string>(
                (writer, _) => Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(async () =>
                {
                    for (int i = 0; i < Each; i++)
                    {
                        await writer.WriteAsync($"{thread}.{i}", CancellationToken.None);
                    }
                }))),
                capacity: 4),
            new NullPipeWriter()).OrFail();

        Assert.Equal((StreamOutcomeReason.Completed, (long)(Threads * Each)), (outcome.Reason, outcome.Events));
        foreach (IGrouping<string, string> thread in written.GroupBy(item => item.Split('.')[0]))
        {
            Assert.Equal(Enumerable.Range(0, Each).Select(i => $"{thread.Key}.{i}"), thread);
        }
    }

    [Fact]
    public async Task RunAsync_ProducerThatBlocksBeforeItsFirstAwait_DoesNotBlockThePump()
    {
        using var gate = new ManualResetEventSlim();
        Task<StreamOutcome> run = RunAsync(StreamSource.From<string>((writer, _) =>
        {
            gate.Wait(CancellationToken.None);
            return writer.WriteAsync("a", CancellationToken.None).AsTask();
        }));
        Assert.False(run.IsCompleted);
        gate.Set();

        Assert.Equal(StreamOutcomeReason.Completed, (await run.OrFail()).Reason);
        Assert.Equal("<a|>", Output.Text);
    }

    [Fact]
    public async Task RunAsync_ProducerThatThrowsAtOnce_SendsNoHead()
    {
        StreamOutcome outcome = await RunAsync(StreamSource.From<string>((_, _) => throw new InvalidOperationException())).OrFail();

        Assert.Equal((StreamOutcomeReason.SourceFailed, false), (outcome.Reason, outcome.HeadSent));
        Assert.IsType<InvalidOperationException>(outcome.Exception);
    }

    [Fact]
    public async Task RunAsync_ProducerThatThrowsLater_SendsWhatItWroteBefore()
    {
        var failure = new InvalidOperationException();
        StreamOutcome outcome = await RunAsync(StreamSource.From<string>(async (writer, token) =>
        {
            await writer.WriteAsync("a", token);
            await writer.WriteAsync("b", token);
            throw failure;
        })).OrFail();

        Assert.Same(failure, outcome.Exception);
        Assert.Equal("<a|b|!internal", Output.Text);
    }

    [Fact]
    public async Task RunAsync_ProducerThatCompletesItsChannelAndThenThrows_Fails()
    {
        var failure = new InvalidOperationException();
        StreamOutcome outcome = await RunAsync(StreamSource.From<string>(async (writer, token) =>
        {
            await writer.WriteAsync("a", token);
            writer.Complete();
            await Output.WaitForTextAsync("a|");
            throw failure;
        })).OrFail();

        Assert.Equal((StreamOutcomeReason.SourceFailed, failure), (outcome.Reason, outcome.Exception));
        Assert.Equal("<a|!internal", Output.Text);
    }

    [Fact]
    public async Task RunAsync_ProducerThatCompletesItsChannelTwice_FailsWithTheChannelsException()
    {
        StreamOutcome outcome = await RunAsync(StreamSource.From<string>((writer, _) =>
        {
            writer.Complete();
            writer.Complete();
            return Task.CompletedTask;
        })).OrFail();

        Assert.IsType<ChannelClosedException>(outcome.Exception);
    }

    [Fact]
    public async Task RunAsync_ProducerThatCompletesItsChannelEarly_EndsWhenItReturns()
    {
        var mayReturn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<StreamOutcome> run = RunAsync(StreamSource.From<string>(async (writer, token) =>
        {
            await writer.WriteAsync("a", token);
            writer.Complete();
            await mayReturn.Task;
        }));
        await Output.WaitForTextAsync("a|");
        Assert.DoesNotContain(">", Output.Text, StringComparison.Ordinal);
        mayReturn.SetResult();

        Assert.Equal(StreamOutcomeReason.Completed, (await run.OrFail()).Reason);
        Assert.Equal("<a|>", Output.Text);
    }

    [Fact]
    public async Task RunAsync_ClientGone_FreesAProducerThatIgnoresItsTokenButWrites()
    {
        Task<StreamOutcome> run = RunAsync(StreamSource.From<string>(
            async (writer, _) =>
            {
                while (true)
                {
                    await writer.WriteAsync("a", CancellationToken.None);
                }
            },
            capacity: 1));
        await Output.WaitForTextAsync("a|");
        await Client.CancelAsync();

        Assert.Equal(StreamOutcomeReason.ClientGone, (await run.OrFail()).Reason);
    }
}
