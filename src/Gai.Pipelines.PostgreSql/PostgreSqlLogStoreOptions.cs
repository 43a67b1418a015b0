namespace Gai.Pipelines.PostgreSql;

/// <summary>Says where in a database a <see cref="PostgreSqlLogStore"/> keeps its logs, and how it calls it.</summary>
/// <remarks>Set it before the store is made, which copies it. All nodes that share logs give the same names.</remarks>
public sealed class PostgreSqlLogStoreOptions
{
    /// <summary>Gets or sets the schema of the tables.</summary>
    /// <value>Default <c>gai_pipelines</c>; 1 to 63 bytes of UTF-8. It is created if it is missing, and quoted: upper case stays as it is.</value>
    public string Schema { get; set; } = "gai_pipelines";

    /// <summary>Gets or sets the table with a row for each log.</summary>
    /// <value>Default <c>logs</c>; 1 to 63 bytes of UTF-8.</value>
    public string LogsTable { get; set; } = "logs";

    /// <summary>Gets or sets the table with a row for each log that has not ended, which its owner renews.</summary>
    /// <value>Default <c>leases</c>; 1 to 63 bytes of UTF-8.</value>
    public string LeasesTable { get; set; } = "leases";

    /// <summary>Gets or sets the table with a row for each batch of frames, or several for a large one.</summary>
    /// <value>Default <c>frames</c>; 1 to 63 bytes of UTF-8.</value>
    public string FramesTable { get; set; } = "frames";

    /// <summary>Gets or sets the table with a row for each migration that was applied.</summary>
    /// <value>Default <c>migrations</c>; 1 to 63 bytes of UTF-8.</value>
    public string MigrationsTable { get; set; } = "migrations";

    /// <summary>Gets or sets whether the store creates and changes its tables itself, before its first call.</summary>
    /// <value>
    /// Default <see langword="true"/>. If <see langword="false"/>, somebody who may do so calls <see cref="PostgreSqlLogStore.MigrateAsync"/> before, and the
    /// account of the server needs no more than to read and write the tables.
    /// </value>
    public bool ApplyMigrations { get; set; } = true;

    /// <summary>Gets or sets how long one command may take, and how long one that writes no frames may wait for others before it is given up.</summary>
    /// <value>Default 10 s; 1 s to 10 min, rounded up to seconds. Let it be shorter than the lease of the logs, so that a renewal that hangs can be made again.</value>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets how many commands of this store are at work at once, each on a connection of its own.</summary>
    /// <value>
    /// Default 20; 4 to 1,000. A quarter reads frames, an eighth renews leases, another is for the rest of the life of logs, at least one each, and the others
    /// write frames: neither slow writes nor many look-ups cost a lease. One more connection listens. A pool that the store makes itself has no more connections than that.
    /// </value>
    public int MaxConnections { get; set; } = 20;

    internal PostgreSqlLogStoreOptions Copy() => (PostgreSqlLogStoreOptions)MemberwiseClone();
}
