using NpgsqlTypes;

namespace Gai.Pipelines.PostgreSql.Internal;

/// <summary>Tells the watchers of this node at once of a change that was made here, and those of others by a notification.</summary>
/// <remarks>
/// Notifications are sent behind the changes, those of many logs together: transactions that notify commit one after the other over the whole database,
/// each with its own wait for the disk, and those that write frames must not. One that is lost, since the node ends here, is what readers poll for.
/// </remarks>
internal sealed class ChangeNotifier(Database database, Statements statements, LogWatchers<ulong> watchers, ulong self) : IAsyncDisposable
{
    private const int Attempts = 3;

    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private Dictionary<ulong, LogChange> _waiting = [];
    private Task _sending = Task.CompletedTask;
    private bool _isSending;
    private bool _isStopped;

    public void Notify(LogId log, LogChange change)
    {
        ulong name = Notification.NameOf(log);
        watchers.Signal(name, change);
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            // The stronger of two: an owner does not look for frames.
            _waiting[name] = _waiting.TryGetValue(name, out LogChange other) && other == LogChange.Ownership ? other : change;
            if (!_isSending)
            {
                _isSending = true;
                using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
                {
                    _sending = Task.Run(SendAsync, CancellationToken.None);
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task sending;
        lock (_lock)
        {
            _isStopped = true;
            sending = _sending;
        }

        // A connection that is being opened does not heed its token until the server says something.
        _stop.CancelAfter(Farewell);
        await sending.WaitAsync(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task SendAsync()
    {
        Dictionary<ulong, LogChange> sent = [];
        while (true)
        {
            lock (_lock)
            {
                if (_waiting.Count == 0)
                {
                    _isSending = false;
                    return;
                }

                (_waiting, sent) = (sent, _waiting);
            }

            await SendAsync(Notification.Write(self, sent));
            sent.Clear();
        }
    }

    private async Task SendAsync(string[] payloads)
    {
        for (int attempt = 0; attempt < Attempts && !_stop.IsCancellationRequested; attempt++)
        {
            try
            {
                await database.ExecuteAsync(Lane.Life, statements.Notify, command => command.With(payloads, NpgsqlDbType.Array | NpgsqlDbType.Text), _stop.Token);
                return;
            }
            catch (Exception)
            {
                // A server that is away tells nobody; when it is back, everybody who listens looks at everything.
            }
        }
    }
}
