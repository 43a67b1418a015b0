using System.Globalization;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.LoadTests.Measuring;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>This library, with one log for all streams: each event is encoded once, and each response reads by a cursor.</summary>
/// <remarks>Nobody waits for a slow reader: the log holds what there is.</remarks>
internal sealed class GaiLogContender(ContenderSpec spec) : IContender
{
    public const string Name = "gai-log";

    private const string TopicKey = "topic";

    private readonly Lock _lock = new();
    private int _run;
    private int _gathered;

    public void Configure(WebApplicationBuilder builder)
    {
        GaiOptions.Add(builder, spec);
        builder.Services.ConfigureAll<EventTopicOptions>(static topic =>
        {
            topic.StartAt = TopicStartAt.First;

            // All that a fanout has: its producer is faster than any reader.
            topic.Log = LogOptions.Default with { MaxBytes = 32 * 1024 * 1024 };
        });
    }

    public ITicker Map(WebApplication app, ServerState state)
    {
        EventTopics topics = app.Services.GetRequiredService<EventTopics>();
        var ticker = new LogTicker(topics);
        app.UseGaiPipelines();
        app.Use(async (context, next) =>
        {
            string path = context.Request.Path.Value!;
            if (path == Paths.Live)
            {
                ticker.Join();
            }
            else if (path == Paths.Fanout)
            {
                context.Items[TopicKey] = Gather(context, topics);
            }

            state.OnOpen();
            try
            {
                await next(context);
            }
            finally
            {
                state.OnClose();
                ticker.Leave(path);
            }
        });

        // An idle stream is to hold what the library needs for it, and nothing that only names its topic.
        app.MapEventTopic<StreamEvent>(Paths.Live, _ => ticker.Topic);
        app.MapEventTopic<StreamEvent>(Paths.Fanout, static context => (string)context.Items[TopicKey]!);
        app.MapEventTopic<StreamEvent>(Paths.Idle, static _ => Paths.Idle);
        return ticker;
    }

    /// <summary>Counts the readers of a run; with the last one it begins.</summary>
    private string Gather(HttpContext context, EventTopics topics)
    {
        lock (_lock)
        {
            string topic = string.Create(CultureInfo.InvariantCulture, $"fanout {_run}");
            if (++_gathered == Number(context, "readers"))
            {
                (_gathered, _run) = (0, _run + 1);
                _ = Task.Run(() => FillAsync(topics, topic, Number(context, "count")));
            }

            return topic;
        }
    }

    private static async Task FillAsync(EventTopics topics, string name, long count)
    {
        StreamEvent[] ring = Ring.Make(static text => StreamEvent.TextDelta(text));
        EventTopic<StreamEvent> topic = await topics.OpenAsync<StreamEvent>(name);
        for (long i = 0; i < count; i++)
        {
            await topic.PublishAsync(ring[i & (Ring.Size - 1)]);
        }

        await topic.CompleteAsync();
    }

    private static int Number(HttpContext context, string name) => int.Parse(context.Request.Query[name]!, CultureInfo.InvariantCulture);

    /// <summary>Ticks into one topic, whatever the number of its readers.</summary>
    private sealed class LogTicker(EventTopics topics) : ITicker
    {
        private readonly Ticker<StreamEvent> _ticker = new(static text => StreamEvent.TextDelta(text));
        private readonly Lock _lock = new();
        private TopicTarget? _target;
        private IDisposable? _place;
        private int _run;
        private int _readers;

        public TickState State => _ticker.State;

        /// <summary>The name of the topic that ticks now.</summary>
        public string Topic { get; private set; } = string.Empty;

        public int Targets => Volatile.Read(ref _readers);

        public void Start(TickPlan plan) => _ticker.Start(plan);

        public void Join()
        {
            lock (_lock)
            {
                if (_target is null)
                {
                    Topic = string.Create(CultureInfo.InvariantCulture, $"live {_run}");

                    // Opened without waiting: there is no store.
                    ValueTask<EventTopic<StreamEvent>> opening = topics.OpenAsync<StreamEvent>(Topic);
                    _target = new TopicTarget(opening.AsTask().GetAwaiter().GetResult());
                    _place = _ticker.Join(_target);
                }

                _readers++;
            }
        }

        public void Leave(string path)
        {
            if (path == Paths.Live)
            {
                Interlocked.Decrement(ref _readers);
            }
        }

        public void Complete()
        {
            lock (_lock)
            {
                _target?.Complete();
                _place?.Dispose();
                _target = null;
                _run++;
            }
        }
    }

    private sealed class TopicTarget(EventTopic<StreamEvent> topic) : ITickTarget<StreamEvent>
    {
        public bool TryWrite(StreamEvent item)
        {
            // Done when it returns: there is no store.
            _ = topic.PublishAsync(item).AsTask();
            return true;
        }

        public void Complete() => _ = topic.CompleteAsync().AsTask();
    }
}
