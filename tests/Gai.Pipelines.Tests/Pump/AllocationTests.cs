using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using System.Threading.Tasks.Sources;
using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Pump;

/// <summary>An event allocates nothing. Each test runs on a thread of its own, inline, so that the number of bytes is exact.</summary>
[Collection(nameof(ExactAllocations))]
public sealed partial class AllocationTests
{
    private const int WarmUp = 20_000;
    private const int Events = 20_000;

    public enum Wire
    {
        TextDeltaSse,
        TextDeltaNdjson,
        TypedSse,
        TypedNdjson,
    }

    [Theory]
    [CombinatorialWires]
    public void PulledSource_EachEventIsWaitedFor_AllocatesNothing(Wire wire) => With(wire, new WaitedPull());

    [Theory]
    [CombinatorialWires]
    public void PulledSource_IteratorThatAwaits_AllocatesNothing(Wire wire) => With(wire, new WaitedIterator());

    [Theory]
    [CombinatorialWires]
    public void PulledSource_EventsAreReady_AllocatesNothing(Wire wire) => With(wire, new ReadyIterator());

    [Theory]
    [CombinatorialWires]
    public void ChannelSource_EachEventIsWaitedFor_AllocatesNothing(Wire wire)
    {
        With(wire, new WaitedChannel(IsBounded: false));
        With(wire, new WaitedChannel(IsBounded: true));
    }

    [Theory]
    [CombinatorialWires]
    public void ChannelSource_EventsAreReady_AllocatesNothing(Wire wire) => With(wire, new ReadyChannel());

    [Theory]
    [CombinatorialWires]
    public void ProducerSource_EachEventIsWaitedFor_AllocatesNothing(Wire wire)
    {
        With(wire, new WaitedProducer(HasDeadline: false));
        With(wire, new WaitedProducer(HasDeadline: true));
    }

    [Fact]
    public void PulledSource_SomebodyMeasures_AllocatesNothing()
    {
        using var meter = new Meter("allocations", null, null, scope: this);
        long events = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter == meter)
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => events += value);
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        listener.Start();

        With(Wire.TextDeltaSse, new WaitedPull { Settings = PumpSettings.Default with { Metrics = new StreamMetrics(meter) } });

        Assert.True(events > Events);
    }

    [Fact]
    public void WriteRecord_OptionsWithAndWithoutEncoderTakeTurns_AllocatesNothing() => OnThread(static () =>
    {
        var plain = (JsonTypeInfo<Note>)Json.Default.GetTypeInfo(typeof(Note))!;
        var encoding = (JsonTypeInfo<Note>)new JsonSerializerOptions(Json.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }.GetTypeInfo(typeof(Note));
        var note = new Note("text");
        var frames = new FrameWriter(new NullPipeWriter());
        Action turns = () =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                NdjsonEncoder.WriteRecord(frames, note, plain);
                NdjsonEncoder.WriteRecord(frames, note, encoding);
                frames.Commit();
                frames.Publish();
            }
        };
        turns();

        Assert.Equal(0, AllocatedBytes.Of(turns));
    });

    private static void With(Wire wire, Scene scene)
    {
        DialectSettings settings = DialectSettings.Default;
        switch (wire)
        {
            case Wire.TextDeltaSse:
                OnThread(() => scene.Play(new GaiSseDialect(settings), StreamEvent.TextDelta("stream")));
                break;
            case Wire.TextDeltaNdjson:
                OnThread(() => scene.Play(new GaiNdjsonDialect(settings), StreamEvent.TextDelta("stream")));
                break;
            case Wire.TypedSse:
                OnThread(() => scene.Play(new PlainSseDialect<Progress>(Json.Default.Progress, settings), new Progress(7, 0.5, "copying")));
                break;
            default:
                OnThread(() => scene.Play(new PlainNdjsonDialect<Progress>(Json.Default.Progress), new Progress(7, 0.5, "copying")));
                break;
        }
    }

    private static void OnThread(Action test)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                test();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        Assert.True(thread.Join(TimeSpan.FromSeconds(60)), "The stream hangs.");
        failure?.Throw();
    }

    internal readonly record struct Progress(int Step, double Share, string What);

    internal sealed record Note(string Text);

    [JsonSerializable(typeof(Progress))]
    [JsonSerializable(typeof(Note))]
    internal sealed partial class Json : JsonSerializerContext;

    /// <summary>All wires, as data of a theory.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class CombinatorialWiresAttribute : Xunit.v3.DataAttribute
    {
        public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(System.Reflection.MethodInfo testMethod, Xunit.Sdk.DisposalTracker disposalTracker) =>
            new([.. Enum.GetValues<Wire>().Select(wire => new TheoryDataRow<Wire>(wire))]);

        public override bool SupportsDiscoveryEnumeration() => true;
    }

    /// <summary>One kind of source and one way in which its events come.</summary>
    internal abstract record Scene
    {
        public PumpSettings Settings { get; init; } = PumpSettings.Default;

        public abstract void Play<T>(Dialect<T> dialect, T item);

        /// <summary>Runs a stream whose events are pushed one by one, each through the whole pump before the next.</summary>
        protected void PushOneByOne<T>(Dialect<T> dialect, StreamSource<T> source, Action pushOne, Action end)
        {
            using var scheduler = new StreamScheduler(new ManualTimeProvider(), hasReadyQueue: false);
            var output = new NullPipeWriter();
            Task<StreamOutcome> run = new EventPump<T>(source, dialect, output, Settings with { Scheduler = scheduler }).RunAsync(CancellationToken.None);
            for (int i = 0; i < WarmUp; i++)
            {
                pushOne();
            }

            long before = output.Flushes;
            long allocated = AllocatedBytes.Of(() =>
            {
                before = output.Flushes;
                for (int i = 0; i < Events; i++)
                {
                    pushOne();
                }
            });
            Assert.Equal(Events, output.Flushes - before);
            end();
            Assert.True(run.IsCompletedSuccessfully);
            Assert.Equal(0, allocated);
        }

        /// <summary>Runs a short and a long stream, inline from beginning to end: they must allocate the same.</summary>
        protected void CompareLengths<T>(Dialect<T> dialect, Func<int, StreamSource<T>> sourceOfLength)
        {
            using var scheduler = new StreamScheduler(new ManualTimeProvider(), hasReadyQueue: false);
            PumpSettings settings = Settings with { Scheduler = scheduler };
            var output = new NullPipeWriter();
            Measure(WarmUp);

            // Few, but enough for what a stream allocates once: its entry in the scheduler when it holds events.
            long ofFew = Measure(1_000);
            long ofMany = Measure(Events);
            Assert.Equal(ofFew, ofMany);

            long Measure(int length)
            {
                StreamSource<T>? source = null;
                Action run = () => Assert.True(new EventPump<T>(source!, dialect, output, settings).RunAsync(CancellationToken.None).IsCompletedSuccessfully);
                return AllocatedBytes.Of(() => source = sourceOfLength(length), run);
            }
        }
    }

    private sealed record WaitedPull : Scene
    {
        public override void Play<T>(Dialect<T> dialect, T item)
        {
            var items = new ManualSequence<T>();
            PushOneByOne(dialect, StreamSource.From(items), () => items.Push(item), () => items.End());
        }
    }

    private sealed record WaitedIterator : Scene
    {
        public override void Play<T>(Dialect<T> dialect, T item)
        {
            var signal = new ReusableSignal();
            bool hasEnded = false;
            PushOneByOne(
                dialect,
                StreamSource.From(Iterate()),
                signal.Set,
                () =>
                {
                    hasEnded = true;
                    signal.Set();
                });

            async IAsyncEnumerable<T> Iterate([EnumeratorCancellation] CancellationToken cancellationToken = default)
            {
                while (true)
                {
                    await signal.WaitAsync();
                    if (hasEnded)
                    {
                        yield break;
                    }

                    yield return item;
                }
            }
        }
    }

    private sealed record ReadyIterator : Scene
    {
        public override void Play<T>(Dialect<T> dialect, T item)
        {
            CompareLengths(dialect, length => StreamSource.From(Iterate(length)));

            async IAsyncEnumerable<T> Iterate(int length)
            {
                await Task.CompletedTask;
                for (int i = 0; i < length; i++)
                {
                    yield return item;
                }
            }
        }
    }

    private sealed record WaitedChannel(bool IsBounded) : Scene
    {
        public override void Play<T>(Dialect<T> dialect, T item)
        {
            Channel<T> channel = IsBounded
                ? Channel.CreateBounded<T>(new BoundedChannelOptions(4) { AllowSynchronousContinuations = true })
                : Channel.CreateUnbounded<T>(new UnboundedChannelOptions { AllowSynchronousContinuations = true });
            PushOneByOne(dialect, StreamSource.From(channel.Reader), () => channel.Writer.TryWrite(item), () => channel.Writer.Complete());
        }
    }

    private sealed record ReadyChannel : Scene
    {
        public override void Play<T>(Dialect<T> dialect, T item) =>
            CompareLengths(dialect, length =>
            {
                Channel<T> channel = Channel.CreateUnbounded<T>();
                for (int i = 0; i < length; i++)
                {
                    channel.Writer.TryWrite(item);
                }

                channel.Writer.Complete();
                return StreamSource.From(channel.Reader);
            });
    }

    private sealed record WaitedProducer(bool HasDeadline) : Scene
    {
        public override void Play<T>(Dialect<T> dialect, T item)
        {
            // The same source as StreamSource.From makes, over a channel that runs the pump on the producer's thread.
            Channel<T> channel = Channel.CreateBounded<T>(new BoundedChannelOptions(4) { SingleReader = true, AllowSynchronousContinuations = true });
            using var started = new ManualResetEventSlim();
            using var deadline = new CancellationTokenSource();
            var mayReturn = new TaskCompletionSource();
            ChannelWriter<T>? writer = null;
            var source = new ProducerSource<T>(
                (given, _) =>
                {
                    writer = given;
                    started.Set();
                    return mayReturn.Task;
                },
                channel);
            PushOneByOne(
                dialect,
                source,
                () =>
                {
                    started.Wait(CancellationToken.None);
                    if (HasDeadline)
                    {
                        AssertAccepted(writer!.WriteAsync(item, deadline.Token));
                    }
                    else
                    {
                        writer!.TryWrite(item);
                    }
                },
                mayReturn.SetResult);
        }

        private static void AssertAccepted(ValueTask writing) => Assert.True(writing.IsCompletedSuccessfully);
    }

    /// <summary>Something to await again and again without allocating.</summary>
    private sealed class ReusableSignal : IValueTaskSource
    {
        private ManualResetValueTaskSourceCore<bool> _core;

        public void Set() => _core.SetResult(true);

        public ValueTask WaitAsync()
        {
            _core.Reset();
            return new ValueTask(this, _core.Version);
        }

        void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

        ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

        void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);
    }
}
