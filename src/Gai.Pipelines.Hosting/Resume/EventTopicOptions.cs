namespace Gai.Pipelines.Hosting;

/// <summary>Holds what can be chosen about a topic: <c>services.Configure&lt;EventTopicOptions&gt;("prices", o => ...)</c> for the one of that name, <c>ConfigureAll</c> for all.</summary>
/// <remarks>Read when the topic is first used at this server; after that, changes have no effect.</remarks>
public sealed class EventTopicOptions
{
    private readonly Dictionary<Type, object> _dialects = [];

    /// <summary>Gets or sets the formats in which the topic can be read. An event is encoded once in each, whatever the number of readers.</summary>
    /// <value>Default Server-Sent Events only. Not <see cref="StreamFormat.JsonDocument"/>.</value>
    public IReadOnlyList<StreamFormat> Formats { get; set; } = [StreamFormat.ServerSentEvents];

    /// <summary>Gets or sets the bounds of each of its logs: what can be resumed from.</summary>
    /// <value>Default <see cref="LogOptions.Default"/>: 100,000 events, 8 MiB, each event 10 min.</value>
    public LogOptions Log { get; set; } = LogOptions.Default;

    /// <summary>Gets or sets where a client begins that sends no id.</summary>
    /// <value>Default <see cref="TopicStartAt.Now"/>.</value>
    public TopicStartAt StartAt { get; set; }

    /// <summary>Gets or sets what a client gets whose id is not, or no longer, enough to go on.</summary>
    /// <value>Default <see cref="MissedEvents.Gap"/>.</value>
    public MissedEvents Missed { get; set; }

    /// <summary>Names the dialect of events of a type; without it <see cref="StreamEvent"/> speaks gai, and all others plain.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="dialects">The dialects, such as <c>Dialects.SseItems(AppJson.Default.Price)</c> for items that have names. All servers of a topic need the same.</param>
    public void UseDialect<T>(DialectFactory<T> dialects)
    {
        ArgumentNullException.ThrowIfNull(dialects);
        _dialects[typeof(T)] = dialects;
    }

    internal DialectFactory<T>? DialectOf<T>() => (DialectFactory<T>?)_dialects.GetValueOrDefault(typeof(T));
}

/// <summary>Says where a client begins to read a topic that sends no id.</summary>
public enum TopicStartAt
{
    /// <summary>With the next event.</summary>
    Now,

    /// <summary>With the first event that can be had.</summary>
    First,
}
