namespace Gai.Pipelines;

/// <summary>Begins a conversation: makes the dialect of a stream in the format that its client gets.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>Immutable and thread-safe: one factory serves all streams of an endpoint.</remarks>
public sealed class DialectFactory<T>
{
    private readonly Func<DialectContext, Dialect<T>> _create;

    /// <summary>Makes a factory of a dialect.</summary>
    /// <param name="create">Makes a new dialect for one stream.</param>
    /// <param name="formats">
    /// The formats it can make, the preferred one first; by default all four. A dialect asked for
    /// <see cref="StreamFormat.JsonLines"/> or <see cref="StreamFormat.JsonDocument"/> writes the same records as for <see cref="StreamFormat.Ndjson"/>.
    /// </param>
    public DialectFactory(Func<DialectContext, Dialect<T>> create, params IReadOnlyList<StreamFormat> formats)
    {
        ArgumentNullException.ThrowIfNull(create);
        ArgumentNullException.ThrowIfNull(formats);
        _create = create;
        Formats = formats.Count > 0
            ? formats
            : [StreamFormat.ServerSentEvents, StreamFormat.Ndjson, StreamFormat.JsonLines, StreamFormat.JsonDocument];
    }

    /// <summary>Gets the formats, the preferred one first.</summary>
    public IReadOnlyList<StreamFormat> Formats { get; }

    /// <summary>Makes the dialect of one stream.</summary>
    /// <param name="context">What it needs to begin.</param>
    /// <returns>A new dialect.</returns>
    /// <exception cref="InvalidOperationException">The factory has made none.</exception>
    public Dialect<T> Create(DialectContext context) => _create(context) ??
        throw new InvalidOperationException($"A dialect factory of {typeof(T).Name} returned null for {context.Format}. Return a new dialect for each stream, of each of its formats.");
}
