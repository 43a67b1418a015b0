#pragma warning disable VSTHRD002 // Results are read here only of tasks that have completed.
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

public sealed partial class StreamLogs
{
    private readonly Dictionary<string, Task<ITopic>> _topics = new(StringComparer.Ordinal);

    /// <summary>Opens a topic, or attaches to the one of that name.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="start">What to open. Of a topic that is there already, at this node, only the name and the type matter.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The topic. Of one name it is always the same at a node, until it has ended.</returns>
    /// <exception cref="InvalidOperationException">There is a topic of that name with events of another type, or the node is shutting down.</exception>
    public async ValueTask<EventTopic<T>> OpenTopicAsync<T>(TopicStart<T> start, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(start);
        TaskCompletionSource<ITopic>? opening = null;
        Task<ITopic>? known;
        lock (_lock)
        {
            ThrowIfStopping();
            if (!_topics.TryGetValue(start.Name, out known))
            {
                opening = new TaskCompletionSource<ITopic>(TaskCreationOptions.RunContinuationsAsynchronously);
                _topics.Add(start.Name, known = opening.Task);
            }
        }

        if (opening is not null)
        {
            _ = OpenAsync(start, opening);
        }

        ITopic topic = await known.WaitAsync(cancellationToken);
        return topic as EventTopic<T> ?? throw new InvalidOperationException(
            $"The topic {start.Name} has events of another type than {typeof(T).Name}. Give this one another name.");
    }

    /// <summary>Lets the name of a topic be opened anew whose log is over: where nobody reads it here, its publishers are the ones who learn so.</summary>
    internal void FreeTopic(LogId log)
    {
        lock (_lock)
        {
            foreach ((string name, Task<ITopic> topic) in _topics)
            {
                if (topic.IsCompletedSuccessfully && topic.GetAwaiter().GetResult().Fills(log))
                {
                    _topics.Remove(name);
                    return;
                }
            }
        }
    }

    private long WaitingOfTopics() =>
        _topics.Values.Where(static topic => topic.IsCompletedSuccessfully).Sum(static topic => topic.GetAwaiter().GetResult().Waiting);

    private async Task OpenAsync<T>(TopicStart<T> start, TaskCompletionSource<ITopic> opening)
    {
        try
        {
            // All dialects first: if one cannot be made, no log is begun.
            Dialect<T>[] dialects = [.. start.Formats.Select(format => start.Dialects.Create(new DialectContext(format, start.Settings)))];
            var outputs = new TopicOutput<T>[dialects.Length];
            for (int i = 0; i < outputs.Length; i++)
            {
                outputs[i] = await OpenAsync(start, Describe(start, start.Formats[i]), dialects[i]);
            }

            opening.SetResult(new EventTopic<T>(start, outputs));
        }
        catch (Exception failure)
        {
            lock (_lock)
            {
                _topics.Remove(start.Name);
            }

            opening.SetException(failure);
            _ = opening.Task.Exception;
        }
    }

    private async ValueTask<TopicOutput<T>> OpenAsync<T>(TopicStart<T> start, LogDescription description, Dialect<T> dialect)
    {
        if (_store is not null)
        {
            LogClaim claim = await _store.ClaimAsync(description, Options.Lease, CancellationToken.None);
            return new SharedTopic<T>(this, _store, claim.Log, dialect, start.Options, start.MaxFrameBytes);
        }

        var log = new StreamLog(this, description, start.Options, store: null);
        lock (_lock)
        {
            _byId.Add(description.Id, log);
        }

        return new LocalTopic<T>(log, dialect, start.MaxFrameBytes);
    }

    private LogDescription Describe<T>(TopicStart<T> start, StreamFormat format) => new()
    {
        Id = LogId.New(),
        Key = LogKey.Of("topic", start.Name, format.ToString()),
        Kind = LogKind.Topic,
        Format = format,
        Dialect = start.Dialect,
        CreatedAt = Options.Scheduler.TimeProvider.GetUtcNow(),
        KeepFor = start.Options.MaxAge,
    };
}
