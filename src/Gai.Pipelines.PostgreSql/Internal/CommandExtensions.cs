using Npgsql;
using NpgsqlTypes;

namespace Gai.Pipelines.PostgreSql.Internal;

internal static class CommandExtensions
{
    /// <summary>Adds the next parameter.</summary>
    public static NpgsqlCommand With<T>(this NpgsqlCommand command, T value, NpgsqlDbType type)
    {
        command.Parameters.Add(Parameter(value, type));
        return command;
    }

    public static NpgsqlBatchCommand With<T>(this NpgsqlBatchCommand command, T value, NpgsqlDbType type)
    {
        command.Parameters.Add(Parameter(value, type));
        return command;
    }

    public static NpgsqlCommand With(this NpgsqlCommand command, LogId log) => command.With(log.ToGuid(), NpgsqlDbType.Uuid);

    public static NpgsqlCommand With(this NpgsqlCommand command, long value) => command.With(value, NpgsqlDbType.Bigint);

    public static NpgsqlCommand With(this NpgsqlCommand command, string? value) => command.With(value, NpgsqlDbType.Text);

    /// <summary>Adds a time as whole microseconds, which is what the server counts.</summary>
    public static NpgsqlCommand With(this NpgsqlCommand command, TimeSpan value) => command.With((value.Ticks / 10) + (value.Ticks % 10 > 0 ? 1 : 0), NpgsqlDbType.Bigint);

    public static Guid ToGuid(this LogId log)
    {
        Span<byte> bits = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bits, log.Bits);
        return new Guid(bits, bigEndian: true);
    }

    public static LogId GetLogId(this NpgsqlDataReader reader, int ordinal)
    {
        Span<byte> bits = stackalloc byte[16];
        reader.GetGuid(ordinal).TryWriteBytes(bits, bigEndian: true, out _);
        return new LogId(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bits));
    }

    public static string? GetText(this NpgsqlDataReader reader, int ordinal) => reader.IsDBNull(ordinal) ? null : reader.GetString(ordinal);

    private static NpgsqlParameter Parameter<T>(T value, NpgsqlDbType type) =>
        value is null ? new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = type } : new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type };
}
