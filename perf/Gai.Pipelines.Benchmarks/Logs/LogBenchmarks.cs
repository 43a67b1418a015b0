using BenchmarkDotNet.Attributes;
using Gai.Pipelines.Benchmarks.Sinks;

namespace Gai.Pipelines.Benchmarks.Logs;

/// <summary>A stream of 10,000 text deltas "Hello!" into nothing: plain, into a log, and from the log to one reader.</summary>
/// <remarks>
/// Without the socket, whose cost is the same with a log and without. The frames of a log are longer by their ids: 41 bytes on 43. With a live reader two
/// threads work side by side; read afterwards, one does all of it, which is what it costs.
/// </remarks>
[MemoryDiagnoser]
public class LogBenchmarks
{
    private const int Events = 10_000;

    private static readonly LogKey Key = new("benchmark");

    private readonly NullPipeWriter _output = new();
    private readonly StreamEvent _event = StreamEvent.TextDelta("Hello!");
    private readonly StreamLogs _logs = new();

    private static LogStart Start { get; } = new() { Key = Key, Format = StreamFormat.ServerSentEvents, Dialect = "gai" };

    /// <summary>Checks that a reader gets each event once.</summary>
    [GlobalSetup]
    public async Task SetupAsync()
    {
        int frames = Verify.Repeat("x"u8, Events).Length + 1;
        StreamLog log = await StartAsync();
        await log.Ended;
        LogCursor cursor = log.OpenCursorAtStart();
        await ReadAsync(cursor);
        if (cursor.Events != frames || cursor.Dropped != 0)
        {
            throw new InvalidOperationException($"The reader got {cursor.Events} events and lost {cursor.Dropped}.");
        }

        await _logs.RemoveAsync(Key);
    }

    /// <summary>What a stream costs without a log.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Events)]
    public Task Plain() => new EventPump<StreamEvent>(
        StreamSource.From(EventsAsync()),
        new GaiSseDialect(DialectSettings.Default),
        _output,
        PumpSettings.Default).RunAsync();

    /// <summary>Into the log.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public async Task Append()
    {
        await (await StartAsync()).Ended;
        await _logs.RemoveAsync(Key);
    }

    /// <summary>Into the log, and from there to a reader, one after the other.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public async Task AppendThenRead()
    {
        StreamLog log = await StartAsync();
        await log.Ended;
        await ReadAsync(log.OpenCursorAtStart());
        await _logs.RemoveAsync(Key);
    }

    /// <summary>Both at once.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public async Task AppendAndReadLive()
    {
        StreamLog log = await StartAsync();
        await ReadAsync(log.OpenCursorAtStart());
        await _logs.RemoveAsync(Key);
    }

    private async Task<StreamLog> StartAsync() => (await _logs.GetOrStartAsync(Start, () => new LogProducer<StreamEvent>
    {
        Source = StreamSource.From(EventsAsync()),
        Dialect = new GaiSseDialect(DialectSettings.Default),
    })).Log;

    private Task<StreamOutcome> ReadAsync(LogCursor cursor)
    {
        Dialect<LogFrames> dialect = cursor.DialectsOver(Dialects.Gai).Create(new DialectContext(StreamFormat.ServerSentEvents, DialectSettings.Default));
        return new EventPump<LogFrames>(cursor, dialect, _output, PumpSettings.Default).RunAsync();
    }

#pragma warning disable CS1998 // An async iterator that has everything ready never awaits.
    private async IAsyncEnumerable<StreamEvent> EventsAsync()
    {
        for (int i = 0; i < Events; i++)
        {
            yield return _event;
        }
    }
#pragma warning restore CS1998
}
