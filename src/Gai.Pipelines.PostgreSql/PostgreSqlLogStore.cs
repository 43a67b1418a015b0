using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Gai.Pipelines.PostgreSql.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NpgsqlTypes;

namespace Gai.Pipelines.PostgreSql;

/// <summary>Keeps logs in PostgreSQL (12 or later), where every node finds them.</summary>
/// <remarks>
/// <para>
/// <b>Tables.</b> A row for each log, a row for the lease of each that has not ended, a row for each batch of frames with the place where each ends (several for one of more than 256 KiB), a row for each migration. The store creates them itself, before
/// its first call, once however many nodes start at the same moment. Times of a <see cref="LogDescription"/> are kept in microseconds.
/// </para>
/// <para>
/// <b>Guarantees.</b> Those of <see cref="ILogStore"/>. What a call has returned is durable if the database's <c>synchronous_commit</c> is <c>on</c>, which is its default.
/// Statements rely on the isolation level <c>read committed</c>, which is the default too. All times are the server's. After the server has started, and after it
/// could not be reached from this node, unfinished logs are declared lost only when their owners had the time of a lease to come back. A server that refuses a
/// connection because it has too many, or is slow with some commands and answers others, can be reached.
/// Of several hosts in the connection string the primary is used, whichever that is at the moment: a standby takes no writes, and what it shows is late. A call is a
/// transaction of its own, also within a <c>TransactionScope</c> of its caller.
/// </para>
/// <para>
/// <b>Notifications.</b> Changes are told to other nodes behind the commit, together with those of other logs; a notification names logs by a hash, since anybody who
/// may connect to the database can listen. A pooler between the nodes and the server must keep sessions: one that hands out connections for each
/// transaction loses them.
/// </para>
/// <para>
/// Thread-safe. One a process is enough. Disposing of it ends its connections; <c>StreamLogs</c> that use it are stopped before.
/// </para>
/// </remarks>
public sealed partial class PostgreSqlLogStore : ILogStore, IAsyncDisposable
{
    private readonly NpgsqlDataSource? _own;
    private readonly Database _database;
    private readonly Statements _statements;
    private readonly LogWatchers<ulong> _watchers = new();
    private readonly ChangeListener _listener;
    private readonly ChangeNotifier _notifier;
    private readonly ILogger _logger;

    /// <summary>Makes a store with a pool of connections of its own. It connects when it is first called.</summary>
    /// <param name="connectionString">Where the server is. Its <c>Maximum Pool Size</c> is replaced by what <see cref="PostgreSqlLogStoreOptions.MaxConnections"/> takes.</param>
    /// <param name="options">The names of the tables and the bounds; <see langword="null"/> for the defaults.</param>
    /// <param name="logger">Is told when notifications are not heard, or what has expired cannot be deleted; <see langword="null"/> for nobody.</param>
    /// <exception cref="ArgumentException">The connection string is none.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of its range.</exception>
    public PostgreSqlLogStore(string connectionString, PostgreSqlLogStoreOptions? options = null, ILogger<PostgreSqlLogStore>? logger = null)
        : this(NewSource(connectionString, options ?? new PostgreSqlLogStoreOptions()), options, logger)
    {
    }

    private PostgreSqlLogStore((NpgsqlDataSource Pools, NpgsqlDataSource Primary) own, PostgreSqlLogStoreOptions? options, ILogger<PostgreSqlLogStore>? logger)
        : this(own.Primary, options, logger) => _own = own.Pools;

    /// <summary>Makes a store on connections of the application.</summary>
    /// <param name="source">Gives connections, to the primary: of a source of several hosts, <c>source.WithTargetSession(TargetSessionAttributes.Primary)</c>. The store does not dispose of it. Its pool has room for one more than <see cref="PostgreSqlLogStoreOptions.MaxConnections"/>.</param>
    /// <param name="options">The names of the tables and the bounds; <see langword="null"/> for the defaults.</param>
    /// <param name="logger">Is told when notifications are not heard, or what has expired cannot be deleted; <see langword="null"/> for nobody.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of its range.</exception>
    public PostgreSqlLogStore(NpgsqlDataSource source, PostgreSqlLogStoreOptions? options = null, ILogger<PostgreSqlLogStore>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        PostgreSqlLogStoreOptions copy = (options ?? new PostgreSqlLogStoreOptions()).Copy();
        PostgreSqlLogStoreOptionsValidator.ThrowIfInvalid(copy);
        var names = new Names(copy);
        _statements = new Statements(names);
        _database = new Database(source, copy, names);
        ulong self = BinaryPrimitives.ReadUInt64BigEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        _notifier = new ChangeNotifier(_database, _statements, _watchers, self);
        _logger = (ILogger?)logger ?? NullLogger.Instance;
        _listener = new ChangeListener(_database, _statements, _watchers, self, _logger);
    }

    /// <inheritdoc/>
    /// <value><see langword="true"/>.</value>
    public bool IsShared => true;

    /// <summary>Creates the tables, or changes those of an earlier version; does nothing if they are as they should be. Safe at any number of nodes at once.</summary>
    /// <param name="cancellationToken">Gives up. Then nothing was changed.</param>
    /// <returns>A task that is done when the tables are there.</returns>
    /// <exception cref="InvalidOperationException">The tables are those of a later version that this one cannot use.</exception>
    /// <exception cref="NpgsqlException">The server cannot be reached, or the account may not create tables.</exception>
    public Task MigrateAsync(CancellationToken cancellationToken = default) => _database.MigrateAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<LogClaim> ClaimAsync(LogDescription proposal, TimeSpan lease, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(proposal);
        while (true)
        {
            bool hasExpired = false;
            LogClaim? claim = await _database.FindAsync(
                Lane.Life,
                _statements.Claim,
                command => command
                    .With(proposal.Id)
                    .With(proposal.Key.Value)
                    .With(proposal.Kind.ToString())
                    .With(proposal.Format.ToString())
                    .With(proposal.Dialect)
                    .With(proposal.Owner)
                    .With(proposal.CreatedAt.UtcDateTime, NpgsqlDbType.TimestampTz)
                    .With(proposal.KeepFor)
                    .With(lease),
                reader =>
                {
                    LogDescription log = Describe(reader);
                    hasExpired = reader.GetBoolean(10);
                    bool isOwner = log.Id == proposal.Id && log.Kind == LogKind.Generation && reader.IsDBNull(9);
                    return (LogClaim?)new LogClaim(log, isOwner, isOwner ? reader.GetInt64(8) : 0);
                },
                cancellationToken);
            if (claim is not null && !hasExpired)
            {
                return claim.Value;
            }

            if (claim is not null)
            {
                // It is over, and only waits to be deleted.
                LogId over = claim.Value.Log.Id;
                await _database.ExecuteAsync(Lane.Life, _statements.FreeKey, command => command.With(over), cancellationToken);
                continue;
            }

            // Somebody else's was committed after this statement began to look: the next one sees it.
        }
    }

    /// <inheritdoc/>
    public async ValueTask<LogDescription?> FindAsync(LogKey key, CancellationToken cancellationToken) =>
        await _database.FindAsync(Lane.Life, _statements.FindByKey, command => command.With(key.Value), Describe, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<LogDescription?> FindAsync(LogId log, CancellationToken cancellationToken) =>
        await _database.FindAsync(Lane.Life, _statements.FindById, command => command.With(log), Describe, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask EndAsync(LogId log, long fencingToken, LogEnd end, long lastSequence, CancellationToken cancellationToken)
    {
        (string? Outcome, long Last, bool MayEnd)? before = await _database.FindAsync(
            Lane.Life,
            _statements.End,
            command => command
                .With(log)
                .With(fencingToken)
                .With(end.Outcome.ToString())
                .With(Storable(end.Error?.Code))
                .With(Storable(end.Error?.Message))
                .With(end.Error?.Temporary ?? false, NpgsqlDbType.Boolean)
                .With(lastSequence),
            static reader => ((string? Outcome, long Last, bool MayEnd)?)(reader.GetText(0), reader.GetInt64(1), reader.GetBoolean(2)),
            cancellationToken);
        if (before is null or { Outcome: nameof(LogOutcome.Lost) })
        {
            throw new LogFencedException(log);
        }

        if (before is { MayEnd: false, Last: var last })
        {
            throw new ArgumentException($"The log has frames up to {last}, and its owner has added {lastSequence}: what it lacks has to be added again before it ends.", nameof(lastSequence));
        }

        _notifier.Notify(log, LogChange.Frames);
    }

    /// <inheritdoc/>
    public async ValueTask<LogLease> RenewAsync(LogId log, long fencingToken, TimeSpan lease, CancellationToken cancellationToken) =>
        await _database.FindAsync(
            Lane.Lease,
            _statements.Renew,
            command => command.With(log).With(fencingToken).With(lease),
            static reader => (LogLease?)new LogLease(reader.GetBoolean(0), reader.IsDBNull(1) ? null : reader.GetTimeSpan(1)),
            cancellationToken) ?? throw new LogFencedException(log);

    /// <inheritdoc/>
    public IDisposable Watch(LogId log, Action<LogChange> onChange)
    {
        ArgumentNullException.ThrowIfNull(onChange);
        IDisposable watch = _watchers.Add(Notification.NameOf(log), onChange);
        _listener.Start();
        return watch;
    }

    /// <inheritdoc/>
    public async ValueTask NoteReaderAsync(LogId log, CancellationToken cancellationToken) =>
        await _database.ExecuteAsync(Lane.Lease, _statements.NoteReader, command => command.With(log), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<bool> RequestCancelAsync(LogId log, CancellationToken cancellationToken)
    {
        bool isOpen = await _database.ExecuteAsync(Lane.Life, _statements.RequestCancel, command => command.With(log), cancellationToken) > 0;
        if (isOpen)
        {
            _notifier.Notify(log, LogChange.Ownership);
        }

        return isOpen;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> RemoveAsync(LogId log, CancellationToken cancellationToken)
    {
        bool isThere = await _database.RunAsync(Lane.Life, (connection, token) => RemoveAsync(connection, [log.ToGuid()], token), cancellationToken) > 0;

        // Also if it was gone: this may be the second call, after the answer of the first was lost.
        _notifier.Notify(log, LogChange.Ownership);
        return isThere;
    }

    /// <summary>Stops to listen, and ends the connections of a pool of its own.</summary>
    /// <returns>A task that is done when that is done.</returns>
    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        await _notifier.DisposeAsync();
        if (_own is not null)
        {
            await _own.DisposeAsync();
        }
    }

    private static (NpgsqlDataSource Pools, NpgsqlDataSource Primary) NewSource(string connectionString, PostgreSqlLogStoreOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        PostgreSqlLogStoreOptionsValidator.ThrowIfInvalid(options);
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        builder.ConnectionStringBuilder.MaxPoolSize = options.MaxConnections + 1;
        builder.ConnectionStringBuilder.CommandTimeout = (int)Math.Ceiling(options.CommandTimeout.TotalSeconds);

        // Statements are prepared on connections, and one listens.
        builder.ConnectionStringBuilder.Multiplexing = false;
        builder.ConnectionStringBuilder.ApplicationName ??= "Gai.Pipelines";

        // A source takes no such setting: it is asked for each kind of session.
        builder.ConnectionStringBuilder.Remove("Target Session Attributes");
        if (builder.ConnectionStringBuilder.Host?.Contains(',', StringComparison.Ordinal) != true)
        {
            NpgsqlDataSource one = builder.Build();
            return (one, one);
        }

        NpgsqlMultiHostDataSource many = builder.BuildMultiHost();
        return (many, many.WithTargetSession(TargetSessionAttributes.Primary));
    }

    /// <summary>Makes a text that the server takes: it may come from anywhere, and an error that cannot be stored must not keep its log from ending.</summary>
    private static string? Storable(string? text) =>
        text is null ? null : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');

    private static LogDescription Describe(NpgsqlDataReader reader) => new()
    {
        Id = reader.GetLogId(0),
        Key = new LogKey(reader.GetString(1)),
        Kind = Enum.Parse<LogKind>(reader.GetString(2)),
        Format = Enum.Parse<StreamFormat>(reader.GetString(3)),
        Dialect = reader.GetString(4),
        Owner = reader.GetText(5),
        CreatedAt = new DateTimeOffset(reader.GetDateTime(6)),
        KeepFor = reader.GetTimeSpan(7),
    };

    /// <summary>Deletes logs and then their frames: who still appends waits for the row of its log, and finds it gone.</summary>
    /// <returns>How many logs there were.</returns>
    private async Task<int> RemoveAsync(NpgsqlConnection connection, Guid[] logs, CancellationToken cancellationToken)
    {
        await using NpgsqlBatch batch = _database.Batch(connection);
        foreach (string sql in (string[])[_statements.RemoveLogs, _statements.RemoveLeases, _statements.RemoveFrames])
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql).With(logs, NpgsqlDbType.Array | NpgsqlDbType.Uuid));
        }

        await batch.PrepareAsync(cancellationToken);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return (int)batch.BatchCommands[0].RecordsAffected;
    }
}
