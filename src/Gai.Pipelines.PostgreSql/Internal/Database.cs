using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Npgsql;

namespace Gai.Pipelines.PostgreSql.Internal;

/// <summary>Runs commands: on prepared statements, a bounded number at once, with the tables in place, and once more if a connection was stale.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore without a wait handle holds nothing, and whoever still waits when the store is closed may do so.")]
internal sealed class Database(NpgsqlDataSource source, PostgreSqlLogStoreOptions options, Names names)
{
    // Longer than any lease, and not so long that a server overflows.
    private static readonly TimeSpan Always = TimeSpan.FromDays(3650);

    private readonly SemaphoreSlim[] _lanes = [new(options.MaxConnections / 2), new(options.MaxConnections / 4), new(options.MaxConnections / 4)];
    private readonly SemaphoreSlim _preparing = new(1);
    private volatile bool _isReady;
    private volatile bool _isAway;
    private long _answersSince;

    public int TimeoutSeconds { get; } = (int)Math.Ceiling(options.CommandTimeout.TotalSeconds);

    /// <summary>How long the server has answered this node without a pause, as far as this node has asked.</summary>
    public TimeSpan Answering => _isAway ? TimeSpan.Zero : Volatile.Read(ref _answersSince) is 0 ? Always : Stopwatch.GetElapsedTime(Volatile.Read(ref _answersSince));

    public async Task<T> RunAsync<T>(Lane lane, Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        SemaphoreSlim gate = _lanes[(int)lane];
        await gate.WaitAsync(cancellationToken);
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
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => source.OpenConnectionAsync(cancellationToken);

    /// <summary>Notes that the server could not be reached.</summary>
    public void NoteAway() => _isAway = true;

    public void NoteAnswer()
    {
        if (_isAway)
        {
            Volatile.Write(ref _answersSince, Stopwatch.GetTimestamp());
            _isAway = false;
        }
    }

    /// <summary>Creates or changes the tables.</summary>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken);
        await new Migrations(names, TimeoutSeconds).ApplyAsync(connection, cancellationToken);
    }

    private static bool IsStale(NpgsqlException failure) => failure switch
    {
        PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown } => true,
        PostgresException => false,
        _ => failure.InnerException is IOException or SocketException,
    };

    private static bool IsAway(NpgsqlException failure) =>
        failure is not PostgresException refused ||
        refused.SqlState.StartsWith("57", StringComparison.Ordinal) || refused.SqlState.StartsWith("08", StringComparison.Ordinal);

    private async Task<T> RunOnceAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken);
            if (!_isReady)
            {
                await MakeReadyAsync(connection, cancellationToken);
            }

            T result = await work(connection, cancellationToken);
            NoteAnswer();
            return result;
        }
        catch (NpgsqlException failure) when (IsAway(failure))
        {
            NoteAway();
            throw;
        }
    }

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

    /// <summary>Begins, finds, renews, cancels, deletes and signals.</summary>
    Life,
}
