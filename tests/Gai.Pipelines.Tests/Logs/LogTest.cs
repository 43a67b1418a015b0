using System.IO.Pipelines;
using System.Net.ServerSentEvents;
using System.Text;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Logs;

/// <summary>Logs of strings over Server-Sent Events, under a clock that stands still.</summary>
public abstract class LogTest : IAsyncDisposable
{
    private readonly List<StreamLogs> _nodes = [];

    protected LogTest() => Scheduler = new StreamScheduler(Time);

    protected ManualTimeProvider Time { get; } = new();

    protected StreamScheduler Scheduler { get; }

    protected static DialectFactory<string> Plain { get; } = global::Gai.Pipelines.Dialects.Plain<string>(null);

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (StreamLogs node in _nodes)
        {
            Task disposing = node.DisposeAsync().AsTask();
            while (!disposing.IsCompleted)
            {
                Time.Advance(TimeSpan.FromSeconds(1));
                await Task.Yield();
            }

            await disposing;
        }

        Scheduler.Dispose();
    }

    protected StreamLogs NewNode(StreamLogsOptions? options = null)
    {
        var node = new StreamLogs((options ?? new StreamLogsOptions()) with { Scheduler = Scheduler });
        _nodes.Add(node);
        return node;
    }

    protected static LogStart At(LogKey key, LogOptions? options = null, StreamFormat format = StreamFormat.ServerSentEvents) =>
        new() { Key = key, Format = format, Dialect = "plain", Owner = "me", Options = options ?? LogOptions.Default };

    protected static LogProducer<string> From(ManualSequence<string> source, Action<StreamLog, StreamOutcome>? onEnded = null) =>
        new() { Source = StreamSource.From(source), Dialect = NewDialect(), OnEnded = onEnded };

    protected static Dialect<string> NewDialect(StreamFormat format = StreamFormat.ServerSentEvents) =>
        Plain.Create(new DialectContext(format, DialectSettings.Default));

    /// <summary>Begins a log whose events the test pushes.</summary>
    protected static async Task<(StreamLog Log, ManualSequence<string> Source)> BeginAsync(StreamLogs node, LogOptions? options = null, LogKey? key = null)
    {
        var source = new ManualSequence<string>();
        LogAttachment attachment = await node.GetOrStartAsync(At(key ?? LogKey.New(), options), () => From(source));
        Assert.True(attachment.IsNew);
        await Deadline.UntilAsync(() => source.IsWaiting);
        return (attachment.Log, source);
    }

    /// <summary>Begins a log whose events are all there.</summary>
    protected static async Task<StreamLog> WriteAsync(StreamLogs node, IEnumerable<string> items, LogOptions? options = null)
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node, options);
        foreach (string item in items)
        {
            source.Push(item);
        }

        source.End();
        await log.Ended.OrFail();
        return log;
    }

    protected static async Task PushedAsync(StreamLog log, ManualSequence<string> source, params string[] items)
    {
        long last = log.LastSequence + items.Length;
        source.Push(items);
        await Deadline.UntilAsync(() => log.LastSequence >= last);
    }

    protected static string[] Numbers(int from, int count) => [.. Enumerable.Range(from, count).Select(i => $"{i}")];

    protected Task<StreamOutcome> ReadAsync(LogCursor cursor, PipeWriter output, CancellationToken client = default) =>
        ReadAsync(cursor, output, Plain, client);

    protected Task<StreamOutcome> ReadAsync<T>(LogCursor cursor, PipeWriter output, DialectFactory<T> dialects, CancellationToken client = default)
    {
        Dialect<LogFrames> dialect = cursor.DialectsOver(dialects).Create(new DialectContext(cursor.Log.Description.Format, DialectSettings.Default));
        return new EventPump<LogFrames>(cursor, dialect, output, PumpSettings.Default with { Scheduler = Scheduler }).RunAsync(client);
    }

    /// <summary>Reads a log to its end, which is there already or comes by itself.</summary>
    protected async Task<(StreamOutcome Outcome, string Text)> ReadToEndAsync(LogCursor cursor)
    {
        var output = new RecordingPipeWriter();
        StreamOutcome outcome = await ReadAsync(cursor, output).OrFail();
        return (outcome, output.Text);
    }

    protected static List<(string Id, string Type, string Data)> Events(string text)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        SseParser<string> parser = SseParser.Create(stream);
        var events = new List<(string Id, string Type, string Data)>();
        foreach (SseItem<string> item in parser.Enumerate())
        {
            events.Add((parser.LastEventId, item.EventType, item.Data));
        }

        return events;
    }

    protected static string[] DataOf(string text) => [.. Events(text).Select(one => one.Data)];
}
