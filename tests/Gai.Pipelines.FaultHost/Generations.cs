using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FaultHost;

/// <summary>Streams that can be resumed, of numbered events which are given when somebody says so.</summary>
internal sealed class Generations
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _credit = new();
    private int _started;

    /// <summary>How many of them were produced here.</summary>
    public int Started => Volatile.Read(ref _started);

    /// <summary>Maps them: <c>/ticks/key</c> speaks the plain dialect, <c>/texts/key</c> that of gai.</summary>
    public void Map(WebApplication app)
    {
        app.MapGet("/ticks/{key}", (string key, int count, int? given, int? paceMs) => TypedResults.Extensions.EventStream(
            TicksAsync(key, count, given ?? 0, paceMs ?? 0), new EventStreamResultOptions { JsonTypeInfo = TickJson.Default.Tick })).Resumable(ByKey);
        app.MapGet("/texts/{key}", (string key, int count) => TypedResults.Extensions.EventStream(TextsAsync(key, count))).Resumable(ByKey);
    }

    /// <summary>Lets the stream of a key go on by so many events, if it is produced here.</summary>
    public void Give(string key, int events) => CreditOf(key).Release(events);

    private static void ByKey(ResumableOptions resumable) => resumable.Key = static context => (string?)context.Request.RouteValues["key"];

    private SemaphoreSlim CreditOf(string key) => _credit.GetOrAdd(key, static _ => new SemaphoreSlim(0));

    /// <param name="key">The stream.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="given">How many of them need not be given.</param>
    /// <param name="paceMs">If it is more than 0 they come at this pace, and need not be given.</param>
    /// <param name="cancellationToken">Ends them.</param>
    private async IAsyncEnumerable<Tick> TicksAsync(string key, int count, int given, int paceMs, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        int run = Interlocked.Increment(ref _started);
        SemaphoreSlim credit = CreditOf(key);
        using var pace = new PeriodicTimer(paceMs > 0 ? TimeSpan.FromMilliseconds(paceMs) : Timeout.InfiniteTimeSpan);
        for (int n = 1; n <= count; n++)
        {
            if (paceMs > 0)
            {
                await pace.WaitForNextTickAsync(cancellationToken);
            }
            else if (n > given)
            {
                await credit.WaitAsync(cancellationToken);
            }

            yield return new Tick(n, Environment.ProcessId, run);
        }
    }

    private async IAsyncEnumerable<StreamEvent> TextsAsync(string key, int count, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (Tick tick in TicksAsync(key, count, given: 0, paceMs: 0, cancellationToken))
        {
            yield return StreamEvent.TextDelta(tick.N.ToString(CultureInfo.InvariantCulture));
        }
    }
}

/// <summary>A numbered event.</summary>
/// <param name="N">Its number, from 1.</param>
/// <param name="Process">The process that produced it.</param>
/// <param name="Run">Which of the process's streams it belongs to.</param>
internal sealed record Tick(int N, int Process, int Run);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Tick))]
internal sealed partial class TickJson : JsonSerializerContext;
