#pragma warning disable CA2012 // What is looked at has completed.
using System.Runtime.CompilerServices;
using Gai.Pipelines.TestUtilities;
using Xunit.Sdk;

namespace Gai.Pipelines.Tests.Logs;

[Collection(nameof(ExactAllocations))]
public sealed class LogAllocationTests : LogTest
{
    private const int WarmUp = 20_000;
    private const int Count = 20_000;

    private static readonly LogOptions Small = new() { MaxEvents = 1000, AbandonAfter = Timeout.InfiniteTimeSpan };

    [Theory]
    [InlineData(StreamFormat.ServerSentEvents)]
    [InlineData(StreamFormat.Ndjson)]
    public async Task Append_EvictingAsItGoes_AllocatesNothing(StreamFormat format)
    {
        var source = new ManualSequence<StreamEvent>();
        StreamLog log = (await NewNode().GetOrStartAsync(At(LogKey.New(), Small, format), () => new LogProducer<StreamEvent>
        {
            Source = StreamSource.From(source),
            Dialect = global::Gai.Pipelines.Dialects.Gai.Create(new DialectContext(format, DialectSettings.Default)),
        })).Log;
        await Deadline.UntilAsync(() => source.IsWaiting);
        StreamEvent item = StreamEvent.TextDelta("stream");
        Push(source, item, WarmUp);

        long allocated = AllocatedBytes.Of(() => Push(source, item, Count));

        Assert.Equal(0, allocated);
        Assert.True(log.LastSequence >= WarmUp + Count);
        Assert.True(log.FirstSequence > Count);
    }

    /// <summary>Everything that happens for an event on all threads: encoding, appending, waking, copying, flushing.</summary>
    [Fact]
    public async Task AppendAndRead_LiveCursors_AllocateNothing()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode(), Small);
        LogCursor[] cursors = [.. Enumerable.Range(0, 3).Select(_ => log.OpenCursorAtStart())];
        foreach (LogCursor cursor in cursors)
        {
            _ = ReadAsync(cursor, new NullPipeWriter());
        }

        PushThrough(WarmUp);
        long best = long.MaxValue;
        for (int attempt = 0; attempt < 20 && best > 0; attempt++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            PushThrough(Count);
            best = Math.Min(best, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        // The thread pool allocates now and then for itself.
        Assert.True(best < Count / 10, $"{best} bytes for {Count} events.");

        void PushThrough(int count)
        {
            for (int i = 0; i < count; i++)
            {
                source.Push("stream");
                if (i % 100 == 0)
                {
                    long last = log.LastSequence;
                    foreach (LogCursor cursor in cursors)
                    {
                        while (cursor.Position.Sequence < last)
                        {
                            Thread.Yield();
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public async Task Publish_ToATopic_AllocatesNothing()
    {
        EventTopic<string> topic = await NewNode().OpenTopicAsync(new TopicStart<string> { Name = "t", Dialects = Plain, Options = Small });

        Assert.Equal(0, AllocationMeter.BytesOf(_ => Assert.True(topic.PublishAsync("stream").IsCompletedSuccessfully)));
    }

    /// <summary>What one more reader of a log costs that waits: its cursor, its pump and all that belongs to them, without a connection.</summary>
    [Fact]
    public async Task OpenCursor_Idle_CostsLittle()
    {
        const int Readers = 2000;
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode(), Small);
        await PushedAsync(log, source, "a");
        NullPipeWriter output = new();
        Task<StreamOutcome>[] readings = new Task<StreamOutcome>[Readers];
        LogCursor[] cursors = new LogCursor[Readers];
        Open(0, 100);
        await Deadline.UntilAsync(() => cursors.Take(100).All(cursor => cursor.Position.Sequence == 1));

        long before = GC.GetTotalMemory(forceFullCollection: true);
        Open(100, Readers);
        long after = GC.GetTotalMemory(forceFullCollection: true);

        double each = (after - before) / (double)(Readers - 100);
        TestContext.Current.SendDiagnosticMessage($"An idle cursor and its pump: {each:F0} bytes.");
        TestContext.Current.TestOutputHelper?.WriteLine($"An idle cursor and its pump: {each:F0} bytes.");
        Assert.True(each <= 1024 + PumpBytes(), $"{each:F0} bytes with its pump, of which {PumpBytes():F0} are the pump of any stream.");
        source.End();
        await Task.WhenAll(readings).OrFail();

        void Open(int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                cursors[i] = log.OpenCursorAtStart();
                readings[i] = ReadAsync(cursors[i], output);
            }
        }
    }

    /// <summary>What the pump of an idle plain stream costs.</summary>
    private double PumpBytes()
    {
        const int Streams = 2000;
        var sources = new ManualSequence<string>[Streams];
        var runs = new Task<StreamOutcome>[Streams];
        var output = new NullPipeWriter();
        for (int i = 0; i < Streams; i++)
        {
            sources[i] = new ManualSequence<string>();
        }

        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < Streams; i++)
        {
            runs[i] = new EventPump<string>(StreamSource.From(sources[i]), NewDialect(), output, PumpSettings.Default with { Scheduler = Scheduler }).RunAsync(CancellationToken.None);
            sources[i].Push("a");
        }

        long after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(runs);
        foreach (ManualSequence<string> source in sources)
        {
            source.End();
        }

        return (after - before) / (double)Streams;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Push(ManualSequence<StreamEvent> source, StreamEvent item, int count)
    {
        for (int i = 0; i < count; i++)
        {
            source.Push(item);
        }
    }
}
