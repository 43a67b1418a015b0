using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Pump;

[Collection(nameof(DetachedSources))]
public sealed class ManyStreamsTests : IDisposable
{
    private const int Waves = 10;
    private const int StreamsInAWave = 1_000;

    private readonly StreamScheduler _scheduler = new(TimeProvider.System);
    private readonly List<WeakReference> _streams = [];
    private int _started;
    private int _disposed;

    public void Dispose() => _scheduler.Dispose();

    [Fact]
    public async Task RunAsync_TenThousandStreamsStartedAndLeft_LeaveNothingBehind()
    {
        // One token for all lives on, as that of a server would: a registration that is left on it would keep its stream.
        using var server = new CancellationTokenSource();
        for (int wave = 0; wave < Waves; wave++)
        {
            await RunWaveAsync(wave, server.Token).OrFail();
        }

        Assert.Equal(0, _scheduler.EntryCount);
        Assert.Equal(0, DetachedSources.Count);
        Assert.Equal(_started, _disposed);
        Assert.True(_started > Waves * StreamsInAWave / 4, $"Only {_started} sources were started.");

        // The last ones may still be seen from the stacks of the pool's threads.
        await Deadline.UntilAsync(() =>
        {
            GC.Collect();
            return _streams.Count(stream => stream.IsAlive) <= 2 * Environment.ProcessorCount;
        });
        GC.KeepAlive(server);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Task RunWaveAsync(int wave, CancellationToken server) =>
        Task.WhenAll(Enumerable.Range(0, StreamsInAWave).Select(i => Task.Run(() => RunOneAsync(new Random((wave * StreamsInAWave) + i), server), CancellationToken.None)));

    private async Task RunOneAsync(Random random, CancellationToken server)
    {
        StreamSource<string> source = random.Next(5) switch
        {
            0 => StreamSource.From(Endless(CancellationToken.None)),
            1 => StreamSource.From(Silent(CancellationToken.None)),
            2 => StreamSource.From(Channel.CreateBounded<string>(2)),
            3 => StreamSource.From(Channel.CreateUnbounded<string>().Reader),
            _ => StreamSource.From<string>(ProduceAsync, capacity: 2),
        };
        var settings = new PumpSettings
        {
            Scheduler = _scheduler,
            FlushPolicy = random.Next(2) == 0 ? FlushPolicy.Immediate : FlushPolicy.Window(TimeSpan.FromMilliseconds(5)),
            CommitWindow = TimeSpan.FromMilliseconds(random.Next(3)),
        };
        PipeWriter output = random.Next(2) == 0 ? new NullPipeWriter() : new Pipe(new PipeOptions(pauseWriterThreshold: 64, resumeWriterThreshold: 32)).Writer;
        using var client = new CancellationTokenSource();
        var pump = new EventPump<string>(source, new MarkingDialect(), output, settings);
        lock (_streams)
        {
            _streams.Add(new WeakReference(pump));
        }

        // A stream that waits for a client that does not read cannot drain: that one has to leave.
        bool drains = output is NullPipeWriter && random.Next(2) == 0;
        Task leaving = LeaveAsync();
        StreamOutcome outcome = await pump.RunAsync(drains ? server : client.Token);
        await leaving;
        Assert.True(outcome.Reason is StreamOutcomeReason.ClientGone or StreamOutcomeReason.Drained, outcome.ToString());

        async Task LeaveAsync()
        {
            for (int yields = random.Next(20); yields > 0; yields--)
            {
                await Task.Yield();
            }

            if (drains)
            {
                pump.Drain();
            }
            else
            {
                await client.CancelAsync();
            }
        }
    }

    private async IAsyncEnumerable<string> Endless([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _started);
        try
        {
            while (true)
            {
                yield return "a";
                await Task.Yield();
            }
        }
        finally
        {
            Interlocked.Increment(ref _disposed);
        }
    }

    private async IAsyncEnumerable<string> Silent([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _started);
        try
        {
            yield return "a";
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
        finally
        {
            Interlocked.Increment(ref _disposed);
        }
    }

    private async Task ProduceAsync(ChannelWriter<string> writer, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _started);
        try
        {
            while (true)
            {
                await writer.WriteAsync("a", cancellationToken);
            }
        }
        finally
        {
            Interlocked.Increment(ref _disposed);
        }
    }
}
