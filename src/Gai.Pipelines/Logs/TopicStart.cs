using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Says what topic to open: a log that the application produces for many readers.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
public sealed record TopicStart<T>
{
    /// <summary>Gets the name. Topics of one name are one topic, at all nodes that share a store.</summary>
    /// <exception cref="ArgumentException">It is empty.</exception>
    public required string Name
    {
        get;
        init => field = !string.IsNullOrEmpty(value) ? value : throw new ArgumentException("A topic has a name, by which publishers and readers find it. Give it one.", nameof(value));
    }

    /// <summary>Gets how its events are written.</summary>
    /// <value>A dialect that numbers its events itself, as <see cref="Dialects.GaiEvents"/> does, does so for each publishing node.</value>
    public required DialectFactory<T> Dialects { get; init; }

    /// <summary>Gets the name of the dialect: see <see cref="LogDescription.Dialect"/>.</summary>
    /// <value>Default <c>plain</c>.</value>
    public string Dialect { get; init; } = "plain";

    /// <summary>Gets the formats in which it can be read, one log each.</summary>
    /// <value>Default Server-Sent Events only. An event is encoded once in each.</value>
    /// <exception cref="ArgumentException">There is none, one twice, or one that cannot be resumed.</exception>
    public IReadOnlyList<StreamFormat> Formats
    {
        get;
        init => field = value is { Count: > 0 } && !value.Contains(StreamFormat.JsonDocument) && value.Distinct().Count() == value.Count
            ? value
            : throw new ArgumentException($"A topic has at least one format, each once, and none of them is a JSON document, which is sent as a whole; these are {string.Join(", ", value ?? [])}.", nameof(value));
    }

    = [StreamFormat.ServerSentEvents];

    /// <summary>Gets what the dialect lets the user choose.</summary>
    /// <value>Default <see cref="DialectSettings.Default"/>.</value>
    public DialectSettings Settings { get; init; } = DialectSettings.Default;

    /// <summary>Gets the bounds of each of its logs.</summary>
    /// <value>Default <see cref="LogOptions.Default"/>. <see cref="LogOptions.AbandonAfter"/> does not matter: a topic needs no readers.</value>
    public LogOptions Options { get; init; } = LogOptions.Default;

    /// <summary>Gets the most bytes that one frame may have.</summary>
    /// <value>Default 16 MiB, at least 256.</value>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 256.</exception>
    public int MaxFrameBytes { get; init => field = Limit.AtLeast(256, value); } = FrameWriter.DefaultMaxFrameBytes;
}
