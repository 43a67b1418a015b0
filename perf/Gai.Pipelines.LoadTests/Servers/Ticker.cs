using System.Threading.Channels;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>The engine that produces for all streams at once, tick by tick, as a batching inference server does.</summary>
internal interface ITicker
{
    /// <summary>Begins to tick. It does not wait for anybody: a tick that is late is made up for, and says when it was due.</summary>
    void Start(TickPlan plan);

    /// <summary>How far it is.</summary>
    TickState State { get; }

    /// <summary>How many streams it produces for.</summary>
    int Targets { get; }

    /// <summary>Ends all streams.</summary>
    void Complete();
}

/// <summary>What to tick.</summary>
/// <param name="Warm">How many ticks come before those that are measured.</param>
/// <param name="Measured">How many are measured.</param>
/// <param name="Interval">The microseconds between two.</param>
internal sealed record TickPlan(long Warm, long Measured, long Interval);

/// <summary>How far the engine is.</summary>
/// <param name="Ticks">How many ticks there have been.</param>
/// <param name="IsOver">Whether that was all.</param>
/// <param name="Skipped">How many events streams had no room for; they do not exist for their readers.</param>
/// <param name="MaxLag">The most microseconds that a tick began after it was due, among those that are measured.</param>
/// <param name="SourceBytes">What making the measured events has allocated, which is the application's and not the server's.</param>
/// <param name="Begin">The server when the measured ticks began.</param>
internal sealed record TickState(long Ticks, bool IsOver, long Skipped, long MaxLag, long SourceBytes, ServerUsage? Begin);

/// <inheritdoc cref="ITicker"/>
internal sealed class Ticker<T>(Func<string, T> make) : ITicker
{
    private readonly Lock _lock = new();
    private volatile ITickTarget<T>[] _targets = [];
    private volatile TickState _state = new(0, IsOver: true, 0, 0, 0, null);

    public TickState State => _state;

    public int Targets => _targets.Length;

    /// <summary>Adds a stream.</summary>
    /// <returns>Its place, to be given up when it is over.</returns>
    public IDisposable Join(ITickTarget<T> target)
    {
        lock (_lock)
        {
            _targets = [.. _targets, target];
        }

        return new Place(this, target);
    }

    public void Start(TickPlan plan)
    {
        _state = new TickState(0, IsOver: false, 0, 0, 0, null);
        new Thread(() => Run(plan)) { IsBackground = true, Name = "engine" }.Start();
    }

    public void Complete()
    {
        foreach (ITickTarget<T> target in _targets)
        {
            target.Complete();
        }
    }

    private void Run(TickPlan plan)
    {
        ITickTarget<T>[] targets = _targets;
        long start = Clock.Now + 50_000;
        long skipped = 0;
        long maxLag = 0;
        long sourceBytes = 0;
        ServerUsage? begin = null;
        for (long tick = 0; tick < plan.Warm + plan.Measured; tick++)
        {
            long due = start + (tick * plan.Interval);
            Sleep.Until(due);
            if (tick == plan.Warm)
            {
                begin = ServerUsage.Now();
            }

            maxLag = tick >= plan.Warm ? Math.Max(maxLag, Clock.Now - due) : 0;
            long before = GC.GetAllocatedBytesForCurrentThread();
            T item = make(Letters.Of(due, tick));
            sourceBytes = tick >= plan.Warm ? sourceBytes + GC.GetAllocatedBytesForCurrentThread() - before : 0;
            foreach (ITickTarget<T> target in targets)
            {
                if (!target.TryWrite(item))
                {
                    skipped++;
                }
            }

            if (tick % 16 == 0)
            {
                _state = new TickState(tick, IsOver: false, skipped, maxLag, sourceBytes, begin);
            }
        }

        _state = new TickState(plan.Warm + plan.Measured, IsOver: true, skipped, maxLag, sourceBytes, begin);
    }

    private sealed class Place(Ticker<T> ticker, ITickTarget<T> target) : IDisposable
    {
        public void Dispose()
        {
            lock (ticker._lock)
            {
                ticker._targets = [.. ticker._targets.Where(other => other != target)];
            }
        }
    }
}

/// <summary>A stream that the engine produces for.</summary>
internal interface ITickTarget<T>
{
    /// <summary>Takes an event, if there is room.</summary>
    bool TryWrite(T item);

    /// <summary>There are no more.</summary>
    void Complete();
}

/// <summary>A stream behind a channel.</summary>
internal sealed class ChannelTarget<T>(ChannelWriter<T> writer) : ITickTarget<T>
{
    public bool TryWrite(T item) => writer.TryWrite(item);

    public void Complete() => writer.TryComplete();
}
