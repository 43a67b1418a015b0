using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Transactions;
using Npgsql;

namespace Gai.Pipelines.PostgreSql.Internal;

/// <summary>Runs commands: on prepared statements, a bounded number at once, with the tables in place, and once more if a connection was stale.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore without a wait handle holds nothing, and whoever still waits when the store is closed may do so.")]
internal sealed class Database(NpgsqlDataSource source, PostgreSqlLogStoreOptions options, Names names)
{
    // Longer than any lease, and not so long that a server overflows.
    private static readonly TimeSpan Always = TimeSpan.FromDays(3650);

    private readonly SemaphoreSlim[] _lanes = NewLanes(options.MaxConnections);
    private readonly SemaphoreSlim _preparing = new(1);
    private volatile bool _isReady;
    private volatile bool _isAway;
    private long _answersSince;
    private long _answeredAt;

    public int TimeoutSeconds { get; } = (int)Math.Ceiling(options.CommandTimeout.TotalSeconds);

    /// <summary>How long the server has answered this node without a pause, as far as this node has asked.</summary>
    public TimeSpan Answering => _isAway ? TimeSpan.Zero : Volatile.Read(ref _answersSince) is 0 ? Always : Stopwatch.GetElapsedTime(Volatile.Read(ref _answersSince));

    public async Task<T> RunAsync<T>(Lane lane, Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        SemaphoreSlim gate = _lanes[(int)lane];

        // Whoever asks may have left when the turn comes. For what is written behind nobody waits, and it waits in order.
        if (!await gate.WaitAsync(lane == Lane.Write ? Timeout.InfiniteTimeSpan : options.CommandTimeout, cancellationToken))
        {
            throw new TimeoutException($"As many commands as MaxConnections allows were at work for {options.CommandTimeout.TotalSeconds:N0} s, and this one was not begun.");
        }

        try
        {
            try
            {
                return await RunOnceAsync(work, cancellationToken);
            }
            catch (NpgsqlException failure) when (IsStale(failure))
            {
                // As all of the pool are after a restart. Every call bears to be made again.
                return await RunOnceAsync(work, cancellationToken);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    public Task<int> ExecuteAsync(Lane lane, string sql, Action<NpgsqlCommand> bind, CancellationToken cancellationToken) =>
        RunAsync(
            lane,
            async (connection, token) =>
            {
                await using NpgsqlCommand command = await PrepareAsync(connection, sql, bind, token);
                return await command.ExecuteNonQueryAsync(token);
            },
            cancellationToken);

    /// <summary>Runs a statement and takes its first row; <c>default</c> if there is none.</summary>
    public Task<T?> FindAsync<T>(Lane lane, string sql, Action<NpgsqlCommand> bind, Func<NpgsqlDataReader, T> take, CancellationToken cancellationToken) =>
        RunAsync(
            lane,
            async (connection, token) =>
            {
                await using NpgsqlCommand command = await PrepareAsync(connection, sql, bind, token);
                await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
                return await reader.ReadAsync(token) ? take(reader) : default;
            },
            cancellationToken);

    /// <summary>Makes a command. Its statement is prepared once on each connection.</summary>
    public async ValueTask<NpgsqlCommand> PrepareAsync(NpgsqlConnection connection, string sql, Action<NpgsqlCommand> bind, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = TimeoutSeconds };
        bind(command);
        await command.PrepareAsync(cancellationToken);
        return command;
    }

    /// <summary>Makes a batch of commands: one round trip, one transaction.</summary>
    public NpgsqlBatch Batch(NpgsqlConnection connection) => new(connection) { Timeout = TimeoutSeconds };

    /// <summary>Opens a connection to listen on.</summary>
    public Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => AskAsync(() => source.OpenConnectionAsync(cancellationToken).AsTask());

    /// <summary>Creates or changes the tables.</summary>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken);
        await new Migrations(names, TimeoutSeconds).ApplyAsync(connection, cancellationToken);
    }

    /// <summary>Makes the lanes, in their order. Each has a place at least; what is left over writes.</summary>
    private static SemaphoreSlim[] NewLanes(int places)
    {
        int leases = Math.Max(1, places / 8);
        int life = Math.Max(1, (places / 4) - leases);
        int reads = places / 4;
        return [new(places - reads - life - leases), new(reads), new(life), new(leases)];
    }

    private static bool IsStale(NpgsqlException failure) => failure switch
    {
        PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown } => true,
        PostgresException => false,
        _ => failure.InnerException is IOException or SocketException,
    };

    /// <summary>Says whether a failure means that the server cannot be reached from this node. One that refuses can: it has too many connections, or was told to stop a statement.</summary>
    private bool IsAway(Exception failure, long since) => failure switch
    {
        PostgresException refused =>
            refused.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow ||
            refused.SqlState.StartsWith("08", StringComparison.Ordinal),

        // A slow disk, a lock, or a pool that is exhausted, if the server has answered another command in that time.
        TimeoutException or NpgsqlException { InnerException: TimeoutException } => Volatile.Read(ref _answeredAt) < since,
        _ => failure is NpgsqlException or SocketException or IOException,
    };

    /// <summary>Asks the server something, and notes whether it answers.</summary>
    private async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        long since = Stopwatch.GetTimestamp();
        try
        {
            T answer = await ask();
            NoteAnswer();
            return answer;
        }
        catch (Exception failure) when (IsAway(failure, since))
        {
            _isAway = true;
            throw;
        }
    }

    private void NoteAnswer()
    {
        long now = Stopwatch.GetTimestamp();
        Volatile.Write(ref _answeredAt, now);
        if (_isAway)
        {
            Volatile.Write(ref _answersSince, now);
            _isAway = false;
        }
    }

    private Task<T> RunOnceAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        AskAsync(async () =>
        {
            // A handler's transaction is not the log's: it would be of another isolation level, and others would see what is written when it ends.
            using TransactionScope? alone = Transaction.Current is null ? null : new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled);
            await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken);
            if (!_isReady)
            {
                await MakeReadyAsync(connection, cancellationToken);
            }

            return await work(connection, cancellationToken);
        });

    private async Task MakeReadyAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await _preparing.WaitAsync(cancellationToken);
        try
        {
            if (_isReady)
            {
                return;
            }

            var migrations = new Migrations(names, TimeoutSeconds);
            await (options.ApplyMigrations ? migrations.ApplyAsync(connection, cancellationToken) : migrations.CheckAsync(connection, cancellationToken));
            _isReady = true;
        }
        finally
        {
            _preparing.Release();
        }
    }
}

/// <summary>Who waits for whom: commands of one lane take turns, and those of another do not wait for them.</summary>
internal enum Lane
{
    /// <summary>Writes frames.</summary>
    Write,

    /// <summary>Reads frames.</summary>
    Read,

    /// <summary>Begins, finds, ends, cancels, deletes and signals.</summary>
    Life,

    /// <summary>Says that owners and readers are alive: no look-up, whoever asks for how many, makes that late.</summary>
    Lease,
}
