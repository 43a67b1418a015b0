using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gai.Pipelines.PostgreSql.Internal;

/// <summary>The names of what a store has in its database, quoted, and what is derived from them.</summary>
internal sealed class Names
{
    public Names(PostgreSqlLogStoreOptions options)
    {
        SchemaText = options.Schema;
        MigrationsText = options.MigrationsTable;
        Schema = Quote(options.Schema);
        Logs = $"{Schema}.{Quote(options.LogsTable)}";
        Leases = $"{Schema}.{Quote(options.LeasesTable)}";
        Frames = $"{Schema}.{Quote(options.FramesTable)}";
        Migrations = $"{Schema}.{Quote(options.MigrationsTable)}";
        LockKey = BinaryPrimitives.ReadInt64BigEndian(Hash(Schema));
        Channel = $"gai_pipelines_{Convert.ToHexStringLower(Hash(Logs), 0, 8)}";
    }

    public string SchemaText { get; }

    public string MigrationsText { get; }

    public string Schema { get; }

    public string Logs { get; }

    public string Leases { get; }

    public string Frames { get; }

    public string Migrations { get; }

    /// <summary>The advisory lock under which migrations are applied: one a schema, which they may create.</summary>
    public long LockKey { get; }

    /// <summary>The channel of notifications: stores with other tables in the same database have another one.</summary>
    public string Channel { get; }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes($"gai_pipelines {text}"));

    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
