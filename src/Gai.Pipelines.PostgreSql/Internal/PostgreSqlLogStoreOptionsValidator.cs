using System.Text;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.PostgreSql.Internal;

/// <summary>Checks the options when the application starts, or when a store is made without one.</summary>
internal sealed class PostgreSqlLogStoreOptionsValidator : IValidateOptions<PostgreSqlLogStoreOptions>
{
    // PostgreSQL cuts longer names silently, and two could become one.
    private const int MaxNameBytes = 63;

    public ValidateOptionsResult Validate(string? name, PostgreSqlLogStoreOptions options)
    {
        var failures = new List<string>();
        CheckName(failures, nameof(options.Schema), options.Schema);
        CheckName(failures, nameof(options.LogsTable), options.LogsTable);
        CheckName(failures, nameof(options.LeasesTable), options.LeasesTable);
        CheckName(failures, nameof(options.FramesTable), options.FramesTable);
        CheckName(failures, nameof(options.MigrationsTable), options.MigrationsTable);
        string[] tables = [options.LogsTable, options.LeasesTable, options.FramesTable, options.MigrationsTable];
        if (tables.Distinct(StringComparer.Ordinal).Count() < tables.Length)
        {
            failures.Add($"LogsTable, LeasesTable, FramesTable and MigrationsTable are {string.Join(", ", tables)}. Give each a name of its own.");
        }

        if (options.CommandTimeout < TimeSpan.FromSeconds(1) || options.CommandTimeout > TimeSpan.FromMinutes(10))
        {
            failures.Add($"CommandTimeout is {options.CommandTimeout}. Set it to 00:00:01 to 00:10:00.");
        }

        if (options.MaxConnections is < 4 or > 1000)
        {
            failures.Add($"MaxConnections is {options.MaxConnections}. Set it to 4 to 1000.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    /// <summary>Checks options that do not come from the container.</summary>
    /// <exception cref="OptionsValidationException">One is out of its range.</exception>
    public static void ThrowIfInvalid(PostgreSqlLogStoreOptions options)
    {
        ValidateOptionsResult result = new PostgreSqlLogStoreOptionsValidator().Validate(null, options);
        if (result.Failed)
        {
            throw new OptionsValidationException(nameof(PostgreSqlLogStoreOptions), typeof(PostgreSqlLogStoreOptions), result.Failures);
        }
    }

    private static void CheckName(List<string> failures, string setting, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            failures.Add($"{setting} is empty. Give it a name of 1 to {MaxNameBytes} bytes.");
        }
        else if (value.Contains('\0', StringComparison.Ordinal))
        {
            failures.Add($"{setting} has the character U+0000, which PostgreSQL takes in no name. Remove it.");
        }
        else if (Encoding.UTF8.GetByteCount(value) is > MaxNameBytes and int bytes)
        {
            failures.Add($"{setting} has {bytes} bytes, and PostgreSQL keeps {MaxNameBytes} of a name. Give it a shorter one.");
        }
    }
}
