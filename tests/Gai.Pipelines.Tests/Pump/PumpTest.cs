using System.IO.Pipelines;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Pump;

/// <summary>One stream of strings under a clock that stands still.</summary>
public abstract class PumpTest : IDisposable
{
    protected static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    protected PumpTest()
    {
        Scheduler = new StreamScheduler(Time, hasReadyQueue: false);
        Settings = new PumpSettings { Scheduler = Scheduler };
    }

    protected ManualTimeProvider Time { get; } = new();

    protected StreamScheduler Scheduler { get; }

    protected PumpSettings Settings { get; set; }

    protected ManualSequence<string> Source { get; } = new();

    protected RecordingPipeWriter Output { get; } = new();

    protected CancellationTokenSource Client { get; } = new();

    internal MarkingDialect Dialect { get; } = new();

    internal EventPump<string>? Pump { get; private set; }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        Scheduler.Dispose();
        Client.Dispose();
    }

    protected static TimeSpan Milliseconds(int count) => TimeSpan.FromMilliseconds(count);

    protected Task<StreamOutcome> RunAsync() => RunAsync(StreamSource.From(Source));

    protected Task<StreamOutcome> RunAsync(StreamSource<string> source, PipeWriter? output = null)
    {
        Pump = new EventPump<string>(source, Dialect, output ?? Output, Settings);
        return Pump.RunAsync(Client.Token);
    }
}
