namespace Gai.Pipelines.PostgreSql.Internal;

/// <summary>The statements of a store, made once from its names. Each is one round trip, and relies on READ COMMITTED.</summary>
/// <remarks>
/// Whoever changes a log locks its row first: frames get their numbers under that lock, and it is held until the transaction commits, so numbers become
/// visible in their order. What owners and readers say of themselves is in a row of another table, which is there until the log ends: nobody who says that
/// he lives waits for a disk that writes frames. Time is <c>clock_timestamp()</c>, since a transaction that waits for a lock began long ago.
/// </remarks>
internal sealed class Statements(Names names)
{
    private const string Microseconds = "interval '1 microsecond'";

    private const string Description = "id, key, kind, format, dialect, owner, created_at, keep_for";

    // True, and lets the transaction commit without a wait for the disk, which may be busy with frames. A crash loses such commits of less than a second, and then
    // a lease ends as much earlier as its owner thinks: it is renewed again before that, for a server that starts gives all leases their time anew. Were it
    // declared lost all the same, its owner would be fenced off as ever: by the row that is deleted and the outcome that is written, which wait for the disk.
    private const string CommitsAtOnce = "set_config('synchronous_commit', 'off', true) = 'off'";

    // A server that has just started, and one that could not be reached from here, gives owners the time of a lease to come back. A topic has no lease.
    private static string HasRunOut(string lease, string answering) =>
        $"({lease}.lease_until < clock_timestamp() and pg_postmaster_start_time() + {lease}.lease < clock_timestamp() and {lease}.lease < {answering} * {Microseconds})";

    public string Claim { get; } = $"""
        with begun as (
          insert into {names.Logs} ({Description}) values ($1, $2, $3, $4, $5, $6, $7, $8 * {Microseconds})
          on conflict do nothing
          returning {Description}, token, outcome
        ), leased as (
          insert into {names.Leases} (log, token, lease, lease_until)
          select id, token, l.time, clock_timestamp() + l.time
          from begun cross join (select case when $3 = 'Generation' then $9::bigint * {Microseconds} end as time) l
        )
        select {Description}, token, outcome, false as is_over from begun
        union all (
          select {Description}, token, outcome, coalesce(expires_at < clock_timestamp(), false) from {names.Logs}
          where (key = $2 and holds_key or id = $1) and not exists (select from begun)
          order by holds_key desc limit 1)
        """;

    public string FindByKey { get; } = $"select {Description} from {names.Logs} where key = $1 and holds_key and (expires_at is null or expires_at > clock_timestamp())";

    public string FreeKey { get; } = $"update {names.Logs} set holds_key = false where id = $1 and expires_at < clock_timestamp()";

    public string FindById { get; } = $"select {Description} from {names.Logs} where id = $1";

    public string Append { get; } = AppendOf(names, "$3 + $4", "$5", "$6", "log where last_sequence = $3 and $4 > 0");

    public string AppendRows { get; } = AppendOf(names, "$3 + piece.last", EndsOfPiece("$5"), BytesOfPiece("$6", "$5"), $"log {Pieces("$7, $8, $9")} where last_sequence = $3");

    public string Publish { get; } = PublishOf(names, "last_sequence", "$2", "$4", "$5", "moved where $3 > 0");

    // The first row has the name of the publication, and tells the number of its first frame.
    public string PublishRows { get; } = PublishOf(
        names, "last_sequence - $3 + piece.last", "case when piece.first = 1 then $2 end", EndsOfPiece("$4"), BytesOfPiece("$5", "$4"), $"moved {Pieces("$6, $7, $8")}");

    // What marks the end is one row.
    public string CompleteTopic { get; } = $"""
        with log as (
          select outcome, last_sequence from {names.Logs} where id = $1 and kind = 'Topic' for update
        ), added as (
          insert into {names.Frames} (log, last_sequence, appended_at, ends, bytes)
          select $1, last_sequence + $2, clock_timestamp(), $3, $4 from log where outcome is null and $2 > 0
        ), ended as (
          update {names.Logs} set last_sequence = last_sequence + $2, outcome = 'Completed', expires_at = clock_timestamp() + keep_for
          where id = $1 and (select outcome is null from log)
        ), over as (
          delete from {names.Leases} where log = $1 and exists (select from log)
        )
        select from log
        """;

    public string End { get; } = $"""
        with log as (
          select outcome, last_sequence, outcome is not null or last_sequence >= $7 as may_end from {names.Logs}
          where id = $1 and kind = 'Generation' and token = $2 for update
        ), ended as (
          update {names.Logs} set outcome = $3, error_code = $4, error_message = $5, error_temporary = $6,
            expires_at = clock_timestamp() + keep_for, holds_key = holds_key and ($3 = 'Completed' or last_sequence > 0)
          where id = $1 and (select outcome is null and may_end from log)
        ), over as (
          delete from {names.Leases} where log = $1 and (select may_end from log)
        )
        select outcome, last_sequence, may_end from log
        """;

    public string Renew { get; } = $"""
        update {names.Leases} set lease = $3 * {Microseconds}, lease_until = clock_timestamp() + $3 * {Microseconds}
        where log = $1 and token = $2 and lease is not null and {CommitsAtOnce}
        returning cancel_requested, clock_timestamp() - read_at
        """;

    // Walks from row to row, and no further than is wanted: what it looks at is never more than what it gives.
    public string Read { get; } = $"""
        with recursive log as (
          select first_sequence, last_sequence, outcome, error_code, error_message, error_temporary,
            exists (select from {names.Leases} lease where lease.log = $1 and {HasRunOut("lease", "$4")}) as is_lost
          from {names.Logs} where id = $1
        ), piece as (
          (select f.last_sequence, f.ends, f.bytes, octet_length(f.bytes)::bigint as size
          from log cross join {names.Frames} f
          where f.log = $1 and f.last_sequence >= greatest($2, log.first_sequence)
          order by f.last_sequence limit 1)
          union all
          select next.last_sequence, next.ends, next.bytes, piece.size + octet_length(next.bytes)
          from piece cross join lateral (
            select f.last_sequence, f.ends, f.bytes from {names.Frames} f
            where f.log = $1 and f.last_sequence > piece.last_sequence
            order by f.last_sequence limit 1) next
          where piece.size < $3
        )
        select log.*, piece.last_sequence, piece.ends, piece.bytes from log left join piece on true order by piece.last_sequence
        """;

    // Behind an append that is under way, whose log's row it waits for; a renewal that comes first keeps the lease.
    public string Lose { get; } = $"""
        with log as (
          select id from {names.Logs} where id = $1 and outcome is null for update
        ), over as (
          delete from {names.Leases} lease using log where lease.log = log.id and {HasRunOut("lease", "$2")} returning log
        )
        update {names.Logs} set outcome = 'Lost', error_code = $3, error_message = $4, error_temporary = $5,
          expires_at = clock_timestamp() + keep_for, holds_key = holds_key and last_sequence > 0
        where id in (select log from over)
        """;

    public string LoseSilent { get; } = $"""
        with log as (
          select log.id, log.keep_for from {names.Logs} log join {names.Leases} lease on lease.log = log.id
          where lease.lease_until + log.keep_for < clock_timestamp() and {HasRunOut("lease", "$1")}
          limit 200 for update skip locked
        ), over as (
          delete from {names.Leases} lease using log where lease.log = log.id returning log
        )
        update {names.Logs} set outcome = 'Lost', error_code = $2, error_message = $3, error_temporary = $4,
          expires_at = clock_timestamp() - {Microseconds}, holds_key = holds_key and last_sequence > 0
        where id in (select log from over)
        """;

    public string NoteReader { get; } = $"update {names.Leases} set read_at = clock_timestamp() where log = $1 and {CommitsAtOnce}";

    public string RequestCancel { get; } = $"update {names.Leases} set cancel_requested = true where log = $1";

    public string RemoveLogs { get; } = $"delete from {names.Logs} where id = any($1)";

    public string RemoveLeases { get; } = $"delete from {names.Leases} where log = any($1)";

    public string RemoveFrames { get; } = $"delete from {names.Frames} where log = any($1)";

    // The time is asked once: what may be another for each row cannot be looked up in the index.
    public string LockExpired { get; } = $"""
        select id, first_sequence, last_sequence from {names.Logs}
        where expires_at < (select clock_timestamp())
        order by expires_at limit 200 for update skip locked
        """;

    public string DeleteFirstFrames { get; } = $"""
        with gone as (
          delete from {names.Frames} where log = $1 and last_sequence <=
            (select last_sequence from {names.Frames} where log = $1 and last_sequence >= $2 order by last_sequence limit 1)
          returning last_sequence
        )
        update {names.Logs} set first_sequence = (select max(last_sequence) + 1 from gone) where id = $1 and exists (select from gone)
        returning first_sequence
        """;

    // The frames are no longer there for anybody. Their rows stay for a while as names of publications: see DeleteRowsOfTopics. Topics share what one
    // statement may look at, so that many of them do not make it longer than a command may take; each gets at least some.
    public string FindOldOfTopics { get; } = $"""
        select log.id, last.last_sequence from {names.Logs} log cross join lateral (
          select f.last_sequence from (
            select last_sequence, appended_at from {names.Frames}
            where log = log.id and last_sequence >= log.first_sequence order by last_sequence
            limit least($1, greatest(100, (select $1 / greatest(count(*), 1) from {names.Logs} where kind = 'Topic')))) f
          where f.appended_at < clock_timestamp() - log.keep_for order by f.last_sequence desc limit 1) last
        where log.kind = 'Topic'
        """;

    // One topic a statement, which waits for its row as a publisher does: where many publish it is never free, and to pass it by would be to keep it for ever.
    public string ExpireOfTopic { get; } = $"""
        with old as (
          select id, first_sequence from {names.Logs} where id = $1 for update
        )
        update {names.Logs} log set first_sequence = $2 + 1 from old where log.id = old.id and old.first_sequence <= $2
        returning $2 + 1 - old.first_sequence
        """;

    public string DeleteRowsOfTopics { get; } = $"""
        delete from {names.Frames} f using (
          select gone.log, gone.last_sequence from {names.Logs} log cross join lateral (
            select log, last_sequence from {names.Frames}
            where log = log.id and last_sequence < log.first_sequence
              and appended_at < clock_timestamp() - interval '5 minutes'
            order by last_sequence limit $1 for update skip locked) gone
          where log.kind = 'Topic' limit $1) gone
        where f.log = gone.log and f.last_sequence = gone.last_sequence
        """;

    public string Notify { get; } = $"select pg_notify('{names.Channel}', payload) from unnest($1) payload";

    public string Listen { get; } = $"listen {Names.Quote(names.Channel)}";

    private static string AppendOf(Names names, string last, string ends, string bytes, string from) => $"""
        with log as (
          select last_sequence from {names.Logs} where id = $1 and kind = 'Generation' and token = $2 and outcome is null for update
        ), added as (
          insert into {names.Frames} (log, last_sequence, appended_at, ends, bytes)
          select $1, {last}, clock_timestamp(), {ends}, {bytes} from {from}
        ), moved as (
          update {names.Logs} set last_sequence = $3 + $4 where id = $1 and (select last_sequence from log) = $3
        )
        select last_sequence from log
        """;

    private static string PublishOf(Names names, string last, string publication, string ends, string bytes, string from) => $"""
        with known as (
          select last_sequence - cardinality(ends) as before from {names.Frames} where log = $1 and publication = $2
        ), moved as (
          update {names.Logs} set last_sequence = last_sequence + $3
          where id = $1 and kind = 'Topic' and outcome is null and not exists (select from known)
          returning last_sequence
        ), added as (
          insert into {names.Frames} (log, last_sequence, appended_at, publication, ends, bytes)
          select $1, {last}, clock_timestamp(), {publication}, {ends}, {bytes} from {from}
        )
        select before + 1 from known union all select last_sequence - $3 + 1 from moved
        """;

    // A large batch is stored in pieces, each a row: see FrameRows.
    private static string Pieces(string places) => $"cross join unnest({places}) as piece (first, last, start)";

    private static string EndsOfPiece(string ends) => $"({ends})[piece.first:piece.last]";

    private static string BytesOfPiece(string bytes, string ends) => $"substring({bytes} from piece.start + 1 for ({ends})[piece.last])";
}
