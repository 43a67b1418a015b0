using Npgsql;
using NpgsqlTypes;

namespace Gai.Pipelines.PostgreSql.Internal;

/// <summary>Brings the tables to the form that this version wants: each step once, whoever and however many come first.</summary>
internal sealed class Migrations(Names names, int timeoutSeconds)
{
    // Not to_regclass: within a transaction it may still say what was so when the transaction began, before the wait for the lock.
    private const string FindTable =
        "select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2)";

    private const string FindSchema = "select exists (select from pg_namespace where nspname = $1)";

    // In order. A step that is released never changes; the next version adds one.
    private readonly Migration[] _all = [new(1, OldestCompatible: 1, First(names))];

    private Migration Newest => _all[^1];

    /// <summary>Says what keeps this version from using the tables.</summary>
    /// <exception cref="InvalidOperationException">They are missing, too old, or those of a later version that this one cannot use.</exception>
    public async Task CheckAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        int version = await FindVersionAsync(connection, cancellationToken) ?? 0;
        if (version < Newest.Version)
        {
            throw new InvalidOperationException(
                $"The tables of {nameof(PostgreSqlLogStore)} in the schema {names.SchemaText} have version {version}, and this package needs {Newest.Version}. " +
                $"Call MigrateAsync with an account that may create tables, or set {nameof(PostgreSqlLogStoreOptions.ApplyMigrations)}.");
        }
    }

    public async Task ApplyAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await FindVersionAsync(connection, cancellationToken) >= Newest.Version)
        {
            return;
        }

        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (NpgsqlCommand wait = Command("select pg_advisory_xact_lock($1)"))
        {
            // Others may be at it for as long as it takes; whoever waits gives up with its caller.
            wait.CommandTimeout = 0;
            await wait.With(names.LockKey, NpgsqlDbType.Bigint).ExecuteNonQueryAsync(cancellationToken);
        }

        int version = await FindVersionAsync(connection, cancellationToken) ?? 0;
        if (!await IsThereAsync(connection, FindSchema, [names.SchemaText], cancellationToken))
        {
            // Not "if not exists": that takes the right to create schemas even if there is nothing to create.
            await using NpgsqlCommand create = Command($"create schema {names.Schema}");
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        foreach (Migration migration in _all.Where(one => one.Version > version))
        {
            await using NpgsqlCommand apply = Command(migration.Script);
            await apply.ExecuteNonQueryAsync(cancellationToken);
            await using NpgsqlCommand note = Command($"insert into {names.Migrations} (version, oldest_compatible) values ($1, $2)");
            await note.With(migration.Version, NpgsqlDbType.Integer).With(migration.OldestCompatible, NpgsqlDbType.Integer).ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);

        NpgsqlCommand Command(string text) => new(text, connection) { CommandTimeout = timeoutSeconds };
    }

    private async Task<int?> FindVersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (!await IsThereAsync(connection, FindTable, [names.SchemaText, names.MigrationsText], cancellationToken))
        {
            return null;
        }

        await using var read = new NpgsqlCommand($"select version, oldest_compatible from {names.Migrations} order by version desc limit 1", connection) { CommandTimeout = timeoutSeconds };
        await using NpgsqlDataReader reader = await read.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        (int version, int oldest) = (reader.GetInt32(0), reader.GetInt32(1));
        return oldest <= Newest.Version
            ? version
            : throw new InvalidOperationException(
                $"The tables of {nameof(PostgreSqlLogStore)} in the schema {names.SchemaText} have version {version}, which packages before version {oldest} of the tables cannot use; " +
                $"this one has {Newest.Version}. Update Gai.Pipelines.PostgreSql at this node.");
    }

    private async Task<bool> IsThereAsync(NpgsqlConnection connection, string sql, string[] named, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand(sql, connection) { CommandTimeout = timeoutSeconds };
        Array.ForEach(named, name => find.With(name));
        return await find.ExecuteScalarAsync(cancellationToken) is true;
    }

    // Rows of logs are small and change with each batch: room is left in each page for their next versions, and no index has what changes often.
    // Frames are seldom read more than once or twice, and soon: compressing them costs the writer more than it saves.
    private static string First(Names names) => $"""
        create table {names.Migrations} (
          version integer primary key,
          oldest_compatible integer not null,
          applied_at timestamptz not null default clock_timestamp()
        );
        create table {names.Logs} (
          id uuid primary key,
          key text collate "C" not null,
          holds_key boolean not null default true,
          kind text not null,
          format text not null,
          dialect text not null,
          owner text,
          created_at timestamptz not null,
          keep_for interval not null,
          token bigint not null generated by default as identity,
          first_sequence bigint not null default 1,
          last_sequence bigint not null default 0,
          outcome text,
          error_code text,
          error_message text,
          error_temporary boolean not null default false,
          expires_at timestamptz
        ) with (fillfactor = 50);
        create table {names.Leases} (
          log uuid primary key,
          token bigint not null,
          lease interval,
          lease_until timestamptz,
          cancel_requested boolean not null default false,
          read_at timestamptz
        ) with (fillfactor = 50);
        create unique index on {names.Logs} (key) where holds_key;
        create index on {names.Logs} (expires_at) where expires_at is not null;
        create index on {names.Logs} (id) where kind = 'Topic';
        create table {names.Frames} (
          log uuid not null,
          last_sequence bigint not null,
          appended_at timestamptz not null,
          publication uuid,
          ends integer[] not null,
          bytes bytea not null,
          primary key (log, last_sequence)
        );
        alter table {names.Frames} alter column bytes set storage external;
        create unique index on {names.Frames} (log, publication) where publication is not null;
        comment on table {names.Logs} is 'Gai.Pipelines: one row a stream or topic. An id is a secret: it opens the stream.';
        comment on table {names.Leases} is 'Gai.Pipelines: one row a stream or topic that has not ended: until when its owner need not be heard of, and what others want of it.';
        comment on table {names.Frames} is 'Gai.Pipelines: one row a batch of events. The last of them has the number last_sequence; each ends at its place of ends in bytes.';
        """;

    /// <param name="Version">Its number.</param>
    /// <param name="OldestCompatible">The oldest version of the tables whose packages can use the new ones, so that nodes can be updated one after the other.</param>
    /// <param name="Script">What it does.</param>
    private sealed record Migration(int Version, int OldestCompatible, string Script);
}
