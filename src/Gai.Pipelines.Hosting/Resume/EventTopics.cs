using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Hosting;

/// <summary>Publishes events to named topics, which <c>MapEventTopic</c> serves to any number of clients. Injected anywhere.</summary>
/// <remarks>
/// Thread-safe singleton. Topics of one name are one topic, at all servers that share an <see cref="ILogStore"/>. A topic and what it keeps last as long as the
/// process, so names must not be the choice of clients without a bound. Events of type <see cref="StreamEvent"/> speak the gai dialect, all others the plain one,
/// unless <see cref="EventTopicOptions.UseDialect"/> names another.
/// </remarks>
public sealed class EventTopics
{
    // The keys of a topic's logs hold its name and that of a format, each with its length: 5:topic, 226:..., 16:ServerSentEvents.
    private const int MaxNameLength = LogKey.MaxLength - 7 - 4 - 19;

    private readonly StreamLogs _logs;
    private readonly IOptionsMonitor<EventTopicOptions> _options;
    private readonly IOptions<JsonOptions> _json;
    private readonly EventStreamProfiles _profiles;
    private readonly ConcurrentDictionary<(string Name, Type Type), object> _starts = new();

    internal EventTopics(StreamLogs logs, IOptionsMonitor<EventTopicOptions> options, IOptions<JsonOptions> json, EventStreamProfiles profiles)
    {
        _logs = logs;
        _options = options;
        _json = json;
        _profiles = profiles;
    }

    /// <summary>Publishes an event to all readers of a topic, those at other servers and those to come included.</summary>
    /// <typeparam name="T">The type of the events; all of a topic have one.</typeparam>
    /// <param name="topic">The topic's name.</param>
    /// <param name="item">The event. Its bytes need not stay valid after the call has returned its task.</param>
    /// <param name="cancellationToken">Gives up waiting; the event may be published all the same.</param>
    /// <returns>A task that is done when every reader to come will get the event: at once in memory, and with a shared store when the store has it.</returns>
    /// <exception cref="ArgumentException">The name is none that a topic can have: see <see cref="OpenAsync"/>.</exception>
    /// <exception cref="InvalidOperationException">The topic has ended, has events of another type, the event cannot carry an id, too many events wait for the store, or the server shuts down.</exception>
    /// <exception cref="Exception">What the serializer or the store has thrown.</exception>
    public async ValueTask PublishAsync<T>(string topic, T item, CancellationToken cancellationToken = default) =>
        await (await OpenAsync<T>(topic, cancellationToken)).PublishAsync(item, cancellationToken);

    /// <summary>Opens a topic, for those who publish often.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="topic">The topic's name, 1 to 226 UTF-16 units, of which none is what a <see cref="LogKey"/> cannot hold.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The topic: of one name always the same, until it is completed.</returns>
    /// <exception cref="ArgumentException">The name is empty, too long, or has what no key of a log has.</exception>
    /// <exception cref="InvalidOperationException">The topic has events of another type, its dialect has to be named, or the server shuts down.</exception>
    public ValueTask<EventTopic<T>> OpenAsync<T>(string topic, CancellationToken cancellationToken = default)
    {
        CheckName(topic);
        var start = (TopicStart<T>)_starts.GetOrAdd((topic, typeof(T)), static (of, topics) => topics.Describe<T>(of.Name), this);
        return _logs.OpenTopicAsync(start, cancellationToken);
    }

    /// <summary>Checks a name, before anything is kept under it.</summary>
    /// <exception cref="ArgumentException">It is empty, too long, or has what no key of a log has.</exception>
    internal static void CheckName(string? topic)
    {
        if (string.IsNullOrEmpty(topic))
        {
            throw new ArgumentException("A topic has a name, and this one is empty. Name the topic.", nameof(topic));
        }

        if (topic.Length > MaxNameLength)
        {
            throw new ArgumentException($"A topic's name has at most {MaxNameLength} characters; this one has {topic.Length}. Hash what is long.", nameof(topic));
        }

        // Checked as it is, so that what is wrong is told of it and not of what is made of it.
        _ = new LogKey(topic);
    }

    internal EventTopicOptions OptionsOf(string topic) => _options.Get(topic);

    private TopicStart<T> Describe<T>(string topic)
    {
        EventTopicOptions options = _options.Get(topic);
        EventStreamProfile profile = _profiles.Of(endpoint: null);
        DialectFactory<T> dialects = options.DialectOf<T>() ?? DefaultDialect.For<T>(_json.Value, topic);
        return new TopicStart<T>
        {
            Name = topic,
            Dialects = dialects,
            Dialect = LogDialects.NameOf(dialects),
            Formats = options.Formats,
            Settings = profile.Dialect,
            Options = options.Log,
            MaxFrameBytes = profile.Pump.MaxFrameBytes,
        };
    }
}
