namespace Gai.Pipelines.Internal;

/// <summary>One format of a topic: where its events go.</summary>
internal abstract class TopicOutput<T>(StreamFormat format)
{
    public StreamFormat Format { get; } = format;

    /// <summary>Throws if another event would be refused: none is published in one format and refused in another.</summary>
    /// <exception cref="InvalidOperationException">The topic has ended, or as much waits for the store as may.</exception>
    public abstract void ThrowIfFull();

    public abstract ValueTask PublishAsync(in T item, CancellationToken cancellationToken);

    public abstract ValueTask CompleteAsync(CancellationToken cancellationToken);

    public abstract ValueTask<StreamLog?> OpenAsync(CancellationToken cancellationToken);

    /// <summary>How many events the store does not have yet. Takes no lock.</summary>
    public abstract long Waiting { get; }

    /// <summary>Whether a log is where its events go.</summary>
    public abstract bool Fills(LogId log);

    protected static InvalidOperationException HasEnded() =>
        new("The topic has ended, and nothing can be published any more. Open one of another name.");
}
