using System.Data;
using Gai.Pipelines.PostgreSql.Internal;
using Npgsql;

namespace Gai.Pipelines.PostgreSql;

public sealed partial class PostgreSqlLogStore
{
    // One sweep leaves the rest to the next.
    private const int MostDeletesOfRows = 16;

    private bool _failsToExpire;

    /// <inheritdoc/>
    public async ValueTask<int> DeleteExpiredAsync(int maxFrames, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxFrames, 1);
        try
        {
            int deleted = await ExpireAsync(maxFrames, cancellationToken);
            _failsToExpire = false;
            return deleted;
        }
        catch (Exception failure) when (failure is not OperationCanceledException && !_failsToExpire)
        {
            // Whoever calls it from time to time has nobody to tell.
            _failsToExpire = true;
            Log.ExpiryFailed(_logger, failure);
            throw;
        }
    }

    private async Task<int> ExpireAsync(int maxFrames, CancellationToken cancellationToken)
    {
        TimeSpan answering = _database.Answering;
        await _database.ExecuteAsync(Lane.Life, _statements.LoseSilent, command => BindLost(command.With(answering)), cancellationToken);
        int deleted = await _database.RunAsync(Lane.Life, (connection, token) => DeleteLogsAsync(connection, maxFrames, token), cancellationToken);
        if (deleted < maxFrames)
        {
            deleted += await ExpireOfTopicsAsync(maxFrames - deleted, cancellationToken);

            // Rows whose events are gone already. Statement by statement, so that none takes longer than a command may.
            int deletes = 0;
            while (deletes++ < MostDeletesOfRows &&
                await _database.ExecuteAsync(Lane.Life, _statements.DeleteRowsOfTopics, command => command.With((long)maxFrames), cancellationToken) >= maxFrames)
            {
            }
        }

        return deleted;
    }

    private async Task<int> ExpireOfTopicsAsync(long maxFrames, CancellationToken cancellationToken)
    {
        List<(LogId Log, long Last)> old = await _database.RunAsync(Lane.Life, (connection, token) => FindOldOfTopicsAsync(connection, maxFrames, token), cancellationToken);
        long expired = 0;
        foreach ((LogId log, long last) in old)
        {
            expired += await _database.FindAsync(
                Lane.Life, _statements.ExpireOfTopic, command => command.With(log).With(last), static reader => reader.GetInt64(0), cancellationToken);
        }

        return (int)Math.Min(expired, int.MaxValue / 2);
    }

    private async Task<List<(LogId Log, long Last)>> FindOldOfTopicsAsync(NpgsqlConnection connection, long maxFrames, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = await _database.PrepareAsync(connection, _statements.FindOldOfTopics, command => command.With(maxFrames), cancellationToken);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        var old = new List<(LogId, long)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            old.Add((reader.GetLogId(0), reader.GetInt64(1)));
        }

        return old;
    }

    /// <summary>Deletes whole logs as long as there is room for them. One that is larger than that by itself loses its first frames.</summary>
    private async Task<int> DeleteLogsAsync(NpgsqlConnection connection, int maxFrames, CancellationToken cancellationToken)
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);
        List<(LogId Log, long First, long Last)> expired = await LockExpiredAsync(connection, cancellationToken);
        var whole = new List<Guid>();
        long deleted = 0;
        foreach ((LogId log, long first, long last) in expired)
        {
            long more = 1 + last - first + 1;
            if (deleted + more > maxFrames)
            {
                break;
            }

            whole.Add(log.ToGuid());
            deleted += more;
        }

        if (whole.Count > 0)
        {
            await RemoveAsync(connection, [.. whole], cancellationToken);
        }
        else if (expired.Count > 0)
        {
            deleted = await DeleteFirstFramesAsync(connection, expired[0].Log, expired[0].First, maxFrames, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return (int)Math.Min(deleted, int.MaxValue);
    }

    private async Task<List<(LogId Log, long First, long Last)>> LockExpiredAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = await _database.PrepareAsync(connection, _statements.LockExpired, static _ => { }, cancellationToken);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        var expired = new List<(LogId, long, long)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            expired.Add((reader.GetLogId(0), reader.GetInt64(1), reader.GetInt64(2)));
        }

        return expired;
    }

    private async Task<long> DeleteFirstFramesAsync(NpgsqlConnection connection, LogId log, long first, int maxFrames, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = await _database.PrepareAsync(
            connection, _statements.DeleteFirstFrames, command => command.With(log).With(first + maxFrames - 1), cancellationToken);
        if (await command.ExecuteScalarAsync(cancellationToken) is long next)
        {
            return next - first;
        }

        // It has as many frames as fit, and not itself.
        await RemoveAsync(connection, [log.ToGuid()], cancellationToken);
        return maxFrames + 1L;
    }
}
