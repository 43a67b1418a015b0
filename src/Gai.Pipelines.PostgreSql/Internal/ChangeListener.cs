using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gai.Pipelines.PostgreSql.Internal;

/// <summary>Hears the notifications of other nodes: one connection for all watchers, opened again as often as it takes.</summary>
internal sealed class ChangeListener(Database database, Statements statements, LogWatchers<ulong> watchers, ulong self, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    // A connection that a firewall has forgotten is silent for ever.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private Task? _listening;
    private bool _isStopped;

    public void Start()
    {
        lock (_lock)
        {
            if (_listening is null && !_isStopped)
            {
                // Of no request, whose context it would keep.
                using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
                {
                    _listening = Task.Run(RunAsync, CancellationToken.None);
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task? listening;
        lock (_lock)
        {
            _isStopped = true;
            listening = _listening;
        }

        await _stop.CancelAsync();
        if (listening is not null)
        {
            // A connection that is being opened does not heed its token until the server says something.
            await listening.WaitAsync(Farewell).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunAsync()
    {
        var wait = TimeSpan.Zero;
        bool isLost = false;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(() =>
                {
                    wait = TimeSpan.Zero;
                    if (isLost)
                    {
                        isLost = false;
                        Log.NotificationsBack(logger);
                    }
                });
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                if (!isLost)
                {
                    isLost = true;
                    Log.NotificationsLost(logger, failure);
                }
            }

            await Task.Delay(wait * (0.5 + (Random.Shared.NextDouble() / 2)), _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            wait = wait == TimeSpan.Zero ? TimeSpan.FromMilliseconds(100) : wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
    }

    private async Task ListenAsync(Action onListening)
    {
        // If it is cut later, opening the next one shows at once whether the server is there.
        await using NpgsqlConnection connection = await database.OpenAsync(_stop.Token);
        connection.Notification += (_, notification) => Notification.Read(notification.Payload, self, watchers.Signal);
        await ExecuteAsync(connection, statements.Listen);
        onListening();

        // What happened before this moment was not heard.
        watchers.SignalAll();
        while (true)
        {
            if (!await connection.WaitAsync(Silence, _stop.Token))
            {
                await ExecuteAsync(connection, "select 1");
            }
        }
    }

    private async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = database.TimeoutSeconds };
        await command.ExecuteNonQueryAsync(_stop.Token);
    }
}
