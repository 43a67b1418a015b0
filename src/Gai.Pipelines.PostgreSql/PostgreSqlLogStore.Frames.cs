using System.Buffers;
using Gai.Pipelines.PostgreSql.Internal;
using Npgsql;
using NpgsqlTypes;

namespace Gai.Pipelines.PostgreSql;

public sealed partial class PostgreSqlLogStore
{
    /// <inheritdoc/>
    public async ValueTask AppendAsync(LogId log, long fencingToken, LogBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch.FirstSequence, 1, nameof(batch));
        long skipped = 0;
        while (true)
        {
            long before = batch.FirstSequence + skipped - 1;
            long last = await AppendAsync(log, fencingToken, before, batch, (int)skipped, cancellationToken);
            if (last < before)
            {
                throw new ArgumentException($"The log has frames up to {last}, and the batch begins with {batch.FirstSequence}; what is between them is missing.", nameof(batch));
            }

            if (last == before || last >= batch.LastSequence)
            {
                break;
            }

            // An answer was lost, and there is more behind what was stored then.
            skipped = last - batch.FirstSequence + 1;
        }

        _notifier.Notify(log, LogChange.Frames);
    }

    /// <inheritdoc/>
    public async ValueTask<long> PublishAsync(LogId log, Guid publication, LogBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfNotEqual(batch.FirstSequence, 0, nameof(batch));
        long? first;
        try
        {
            first = await PublishOnceAsync(log, publication, batch, cancellationToken);
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            // The same publication was under way, and is there now.
            first = await PublishOnceAsync(log, publication, batch, cancellationToken);
        }

        if (first is null)
        {
            throw new LogFencedException(log);
        }

        _notifier.Notify(log, LogChange.Frames);
        return first.Value;
    }

    /// <inheritdoc/>
    public async ValueTask CompleteTopicAsync(LogId log, LogBatch marker, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(marker);
        ArgumentOutOfRangeException.ThrowIfNotEqual(marker.FirstSequence, 0, nameof(marker));
        bool isThere = await _database.FindAsync(
            Lane.Write,
            _statements.CompleteTopic,
            command => command
                .With(log)
                .With((long)marker.Count)
                .With(marker.Ends.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Integer)
                .With(marker.Bytes, NpgsqlDbType.Bytea),
            static _ => true,
            cancellationToken);
        if (!isThere)
        {
            throw new LogFencedException(log);
        }

        _notifier.Notify(log, LogChange.Frames);
    }

    /// <inheritdoc/>
    public async ValueTask<LogState?> ReadAsync(LogId log, long first, int maxBytes, LogBatch into, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(into);
        ArgumentOutOfRangeException.ThrowIfLessThan(first, 1);
        while (true)
        {
            TimeSpan answering = default;
            (LogState? state, bool isLost) = await _database.RunAsync(
                Lane.Read,
                async (connection, token) =>
                {
                    // Here, and not before: a connection that turned out to be cut is followed by another.
                    answering = _database.Answering;
                    await using NpgsqlCommand command = await _database.PrepareAsync(
                        connection,
                        _statements.Read,
                        command => command.With(log).With(first).With((long)maxBytes).With(answering),
                        token);
                    await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
                    return await TakeAsync(reader, first, maxBytes, into, token);
                },
                cancellationToken);
            if (!isLost)
            {
                return state;
            }

            if (await LoseAsync(log, answering, cancellationToken))
            {
                _notifier.Notify(log, LogChange.Ownership);
            }
        }
    }

    private static async Task<(LogState? State, bool IsLost)> TakeAsync(NpgsqlDataReader reader, long first, int maxBytes, LogBatch into, CancellationToken cancellationToken)
    {
        into.Clear(first);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return default;
        }

        var state = new LogState(reader.GetInt64(0), reader.GetInt64(1), EndOf(reader));
        bool isLost = reader.GetBoolean(6);
        long next = Math.Max(first, state.FirstSequence);
        if (!isLost && HasFrames(reader))
        {
            into.Clear(next);
            while (TakeFrames(reader, ref next, maxBytes, into) && await reader.ReadAsync(cancellationToken))
            {
            }
        }

        return (state, isLost);
    }

    private static bool HasFrames(NpgsqlDataReader reader) => !reader.IsDBNull(7);

    /// <summary>Takes the frames of a row from a number on.</summary>
    /// <returns>Whether there is room for more.</returns>
    private static bool TakeFrames(NpgsqlDataReader reader, ref long next, int maxBytes, LogBatch into)
    {
        long last = reader.GetInt64(7);
        int[] ends = reader.GetFieldValue<int[]>(8);
        int skipped = (int)(next - (last - ends.Length + 1));
        int start = skipped == 0 ? 0 : ends[skipped - 1];
        int end = ends[^1];
        byte[] bytes = ArrayPool<byte>.Shared.Rent(end - start);
        try
        {
            reader.GetBytes(9, start, bytes, 0, end - start);
            for (int i = skipped, from = start; i < ends.Length; from = ends[i++])
            {
                if (into.Count > 0 && into.Bytes.Length + ends[i] - from > maxBytes)
                {
                    return false;
                }

                into.Add(bytes.AsSpan(from - start, ends[i] - from));
                next++;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }

        return true;
    }

    private static LogEnd? EndOf(NpgsqlDataReader reader)
    {
        if (reader.GetText(2) is not { } outcome)
        {
            return null;
        }

        StreamError? error = reader.GetText(3) is { } code ? new StreamError(code, reader.GetText(4) ?? string.Empty, reader.GetBoolean(5)) : null;
        return new LogEnd(Enum.Parse<LogOutcome>(outcome), error);
    }

    /// <summary>Adds frames behind a number, if that is the last.</summary>
    /// <returns>The number that was the last.</returns>
    private async Task<long> AppendAsync(LogId log, long fencingToken, long before, LogBatch batch, int skipped, CancellationToken cancellationToken)
    {
        var rows = new FrameRows(batch, skipped);
        return await _database.FindAsync(
            Lane.Write,
            rows.IsOne ? _statements.Append : _statements.AppendRows,
            command => BindRows(command.With(log).With(fencingToken).With(before), rows),
            static reader => (long?)reader.GetInt64(0),
            cancellationToken) ?? throw new LogFencedException(log);
    }

    private Task<long?> PublishOnceAsync(LogId log, Guid publication, LogBatch batch, CancellationToken cancellationToken)
    {
        var rows = new FrameRows(batch);
        return _database.FindAsync(
            Lane.Write,
            rows.IsOne ? _statements.Publish : _statements.PublishRows,
            command => BindRows(command.With(log).With(publication, NpgsqlDbType.Uuid), rows),
            static reader => (long?)reader.GetInt64(0),
            cancellationToken);
    }

    private static void BindRows(NpgsqlCommand command, FrameRows rows)
    {
        command.With((long)rows.Ends.Length).With(rows.Ends, NpgsqlDbType.Array | NpgsqlDbType.Integer).With(rows.Bytes, NpgsqlDbType.Bytea);
        if (!rows.IsOne)
        {
            foreach (List<int> places in (List<int>[])[rows.Firsts, rows.Lasts, rows.Starts])
            {
                command.With(places.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Integer);
            }
        }
    }

    private async Task<bool> LoseAsync(LogId log, TimeSpan answering, CancellationToken cancellationToken) =>
        await _database.ExecuteAsync(Lane.Life, _statements.Lose, command => BindLost(command.With(log).With(answering)), cancellationToken) > 0;

    /// <summary>Says what readers of a lost log are told.</summary>
    private static void BindLost(NpgsqlCommand command)
    {
        StreamError error = LogEnd.Lost.Error!.Value;
        command.With(error.Code).With(error.Message).With(error.Temporary, NpgsqlDbType.Boolean);
    }
}
