using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Threading.Channels;
using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Pump;

public sealed class BackpressureTests : PumpTest
{
    private readonly Pipe _pipe = new(new PipeOptions(
        readerScheduler: PipeScheduler.Inline,
        writerScheduler: PipeScheduler.Inline,
        pauseWriterThreshold: 64,
        resumeWriterThreshold: 32,
        minimumSegmentSize: 16,
        useSynchronizationContext: false));

    [Fact]
    public async Task RunAsync_ClientDoesNotRead_TheProducerWaitsAndNothingIsLost()
    {
        const int Count = 1_000;
        Channel<string> channel = Channel.CreateBounded<string>(new BoundedChannelOptions(4) { AllowSynchronousContinuations = true });
        Task<StreamOutcome> run = RunAsync(StreamSource.From(channel), _pipe.Writer);
        int written = 0;
        while (channel.Writer.TryWrite($"{written:D3}"))
        {
            written++;
        }

        // 1 + 16 x 4 bytes fill the pipe; four events wait in the channel.
        Assert.Equal(20, written);
        Task producing = ProduceAsync();
        Assert.False(producing.IsCompleted);
        string text = await ReadAllAsync(run);

        await producing.OrFail();
        Assert.Equal(StreamOutcomeReason.Completed, (await run.OrFail()).Reason);
        Assert.Equal("<" + string.Concat(Enumerable.Range(0, Count).Select(i => $"{i:D3}|")) + ">", text);

        async Task ProduceAsync()
        {
            for (int i = written; i < Count; i++)
            {
                await channel.Writer.WriteAsync($"{i:D3}", CancellationToken.None);
            }

            channel.Writer.Complete();
        }
    }

    [Fact]
    public async Task RunAsync_ClientReadsAgain_PullsTheNextEventsOnlyThen()
    {
        int pulls = 0;
        Source.OnMoveNext = () => pulls++;
        Source.Push([.. Enumerable.Range(0, 40).Select(i => $"{i:D3}")]).End();
        Settings = Settings with { UnflushedLimitBytes = 1 };
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source), _pipe.Writer);

        Assert.Equal(16, pulls);
        ReadResult read = await _pipe.Reader.ReadAsync(CancellationToken.None);
        Assert.Equal(65, read.Buffer.Length);
        _pipe.Reader.AdvanceTo(read.Buffer.GetPosition(30));
        Assert.Equal(16, pulls);
        read = await _pipe.Reader.ReadAsync(CancellationToken.None);
        _pipe.Reader.AdvanceTo(read.Buffer.GetPosition(4));
        Assert.Equal(25, pulls);

        await ReadAllAsync(run);
        await run.OrFail();
    }

    [Fact]
    public async Task ClientGone_PipeIsFull_EndsTheFlush()
    {
        Source.Push([.. Enumerable.Range(0, 40).Select(i => $"{i:D3}")]);
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source), _pipe.Writer);
        Assert.False(run.IsCompleted);
        await Client.CancelAsync();

        Assert.Equal(StreamOutcomeReason.ClientGone, (await run.OrFail()).Reason);
        Assert.True(Source.IsDisposed);
    }

    [Fact]
    public async Task ClientGone_ReaderOfAFullPipeCompletes_EndsTheFlush()
    {
        Source.Push([.. Enumerable.Range(0, 40).Select(i => $"{i:D3}")]);
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source), _pipe.Writer);
        await _pipe.Reader.CompleteAsync();

        Assert.Equal(StreamOutcomeReason.ClientGone, (await run.OrFail()).Reason);
    }

    private async Task<string> ReadAllAsync(Task run)
    {
        _ = run.ContinueWith(_ => _pipe.Writer.Complete(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var text = new StringBuilder();
        while (true)
        {
            ReadResult read = await _pipe.Reader.ReadAsync(CancellationToken.None).AsTask().OrFail();
            text.Append(Encoding.UTF8.GetString(read.Buffer.ToArray()));
            _pipe.Reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return text.ToString();
            }
        }
    }
}
