using System.Runtime.CompilerServices;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FaultHost;

/// <summary>Watches the streams of a server: what their sources gave, what became of these, how each stream ended, what it left registered.</summary>
internal sealed class Witness
{
    private readonly SortedDictionary<StreamOutcomeReason, int> _outcomes = [];
    private int _started;
    private int _cancelled;
    private int _disposed;
    private int _registrations;
    private long _given;

    /// <summary>How many sources began.</summary>
    public int Started => Volatile.Read(ref _started);

    /// <summary>How many of them saw that they were cancelled.</summary>
    public int Cancelled => Volatile.Read(ref _cancelled);

    /// <summary>How many of them were disposed of.</summary>
    public int Disposed => Volatile.Read(ref _disposed);

    /// <summary>How many events they gave together.</summary>
    public long Given => Volatile.Read(ref _given);

    /// <summary>How much was left registered with the tokens of requests that are over.</summary>
    public int RegistrationsLeft => Volatile.Read(ref _registrations);

    /// <summary>How streams ended, and how many so.</summary>
    public SortedDictionary<StreamOutcomeReason, int> Outcomes
    {
        get
        {
            lock (_outcomes)
            {
                return new(_outcomes);
            }
        }
    }

    /// <summary>How the last one ended.</summary>
    public StreamOutcome LastOutcome { get; private set; }

    /// <summary>Options for an endpoint whose streams are watched.</summary>
    public EventStreamResultOptions Noted => new() { OnClosed = Note };

    public void Note(StreamOutcome outcome)
    {
        // Of ten thousand streams nothing may remain that would pass for a leak.
        lock (_outcomes)
        {
            _outcomes[outcome.Reason] = _outcomes.GetValueOrDefault(outcome.Reason) + 1;
            LastOutcome = outcome;
        }
    }

    /// <summary>Looks at every request when its endpoint has done with it.</summary>
    public void Watch(WebApplication app) => app.Use(async (context, next) =>
    {
        CancellationToken aborted = context.RequestAborted;
        try
        {
            await next(context);
        }
        finally
        {
            Interlocked.Add(ref _registrations, Registrations.Count(aborted));
        }
    });

    /// <summary>Maps streams of numbered events.</summary>
    public void Map(WebApplication app)
    {
        app.MapGet("/numbers", (int? count, int? bytes) => TypedResults.Extensions.EventStream(NumbersAsync(count ?? 0, bytes ?? 100), Noted));
        app.MapGet("/idle", () => TypedResults.Extensions.EventStream(IdleAsync(), Noted));
        app.MapGet("/texts", (int? bytes) => TypedResults.Extensions.EventStream(TextsAsync(bytes ?? 100), Noted));
    }

    /// <summary>Gives numbered events, as fast as they are taken.</summary>
    /// <param name="count">How many; 0 for no end.</param>
    /// <param name="bytes">The bytes of each.</param>
    /// <param name="cancellationToken">Ends them.</param>
    public async IAsyncEnumerable<string> NumbersAsync(int count, int bytes, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _started);
        try
        {
            for (int n = 1; (count == 0 || n <= count) && !cancellationToken.IsCancellationRequested; n++)
            {
                Interlocked.Increment(ref _given);
                yield return Numbered.Event(n, bytes);
                await Task.Yield();
            }
        }
        finally
        {
            End(cancellationToken);
        }
    }

    /// <summary>Gives one event, and then none until it is cancelled.</summary>
    public async IAsyncEnumerable<StreamEvent> IdleAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _started);
        try
        {
            Interlocked.Increment(ref _given);
            yield return StreamEvent.TextDelta("Hi");
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
        finally
        {
            End(cancellationToken);
        }
    }

    /// <summary>Gives deltas of text without end, as fast as they are taken.</summary>
    public async IAsyncEnumerable<StreamEvent> TextsAsync(int bytes, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (string text in NumbersAsync(0, bytes, cancellationToken))
        {
            yield return StreamEvent.TextDelta(text);
        }
    }

    private void End(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            Interlocked.Increment(ref _cancelled);
        }

        Interlocked.Increment(ref _disposed);
    }
}
