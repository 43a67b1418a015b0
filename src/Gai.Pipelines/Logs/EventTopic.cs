using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>A log that the application produces for many readers: published from anywhere in the process, or at any node that shares the store.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// Thread-safe. Made by <see cref="StreamLogs.OpenTopicAsync{T}"/>. Events are encoded once a format, whatever the number of readers. Those of one caller that
/// awaits each come in its order; all readers at all nodes see the same order.
/// </remarks>
public sealed class EventTopic<T> : ITopic
{
    private readonly Lock _publishing = new();
    private readonly TopicOutput<T>[] _outputs;

    internal EventTopic(TopicStart<T> start, TopicOutput<T>[] outputs)
    {
        Start = start;
        _outputs = outputs;
    }

    /// <summary>Gets the name.</summary>
    public string Name => Start.Name;

    /// <summary>Gets the formats in which it can be read.</summary>
    public IReadOnlyList<StreamFormat> Formats => Start.Formats;

    /// <summary>Gets the dialects of its events, over which <see cref="LogCursor.DialectsOver{T}"/> makes those of responses.</summary>
    public DialectFactory<T> Dialects => Start.Dialects;

    internal TopicStart<T> Start { get; }

    long ITopic.Waiting => _outputs.Sum(static output => output.Waiting);

    bool ITopic.Fills(LogId log) => Array.Exists(_outputs, output => output.Fills(log));

    /// <summary>Publishes an event.</summary>
    /// <param name="item">The event. Its bytes need not stay valid after the call has returned its task.</param>
    /// <param name="cancellationToken">Gives up waiting; the event may be published all the same.</param>
    /// <returns>
    /// A task that is done when every reader to come will get the event: at once without a shared store, and when the store has it with one. Until then the event
    /// waits, together with others, and is tried again after a failure of the store.
    /// </returns>
    /// <exception cref="InvalidOperationException">The topic has ended, the event cannot carry an id, or as many events wait for the store as <see cref="StreamLogsOptions.MaxStoreLag"/> allows, or as many bytes as <see cref="StreamLogsOptions.MaxTotalBytes"/>.</exception>
    /// <exception cref="Exception">What the serializer has thrown. Nothing was published in that format.</exception>
    public ValueTask PublishAsync(T item, CancellationToken cancellationToken = default)
    {
        if (_outputs.Length == 1)
        {
            return _outputs[0].PublishAsync(item, cancellationToken);
        }

        List<Task>? pending = null;
        lock (_publishing)
        {
            // Readers of all formats get the same events, in one order. An event has different sizes in them, and only some may have room for it.
            foreach (TopicOutput<T> output in _outputs)
            {
                output.ThrowIfFull();
            }

            foreach (TopicOutput<T> output in _outputs)
            {
                ValueTask publishing = output.PublishAsync(item, cancellationToken);
                if (!publishing.IsCompletedSuccessfully)
                {
                    (pending ??= []).Add(publishing.AsTask());
                }
            }
        }

        return pending is null ? ValueTask.CompletedTask : new ValueTask(Task.WhenAll(pending));
    }

    /// <summary>Ends the topic at all nodes: its readers get the end marker of the dialect, and nothing can be published any more.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A task that is done when it has ended.</returns>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken = default)
    {
        Task[] ending;
        lock (_publishing)
        {
            // Readers of all formats get the same events, and so the end behind the same one; where one cannot be ended, the others can.
            ending = [.. _outputs.Select(async output => await output.CompleteAsync(cancellationToken))];
        }

        await Task.WhenAll(ending);
    }

    /// <summary>Opens the log of a format, for readers at this node.</summary>
    /// <param name="format">One of <see cref="Formats"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The log; open a cursor at once. <see langword="null"/> if the topic has ended long ago: its name is free, and opens another.</returns>
    /// <exception cref="ArgumentException">The topic does not have that format.</exception>
    public ValueTask<StreamLog?> OpenLogAsync(StreamFormat format, CancellationToken cancellationToken = default)
    {
        TopicOutput<T> output = Array.Find(_outputs, output => output.Format == format) ??
            throw new ArgumentException($"The topic {Name} is read as one of {string.Join(", ", Formats)}, not as {format}. Add it to Formats.", nameof(format));
        return output.OpenAsync(cancellationToken);
    }
}
