using Gai.Pipelines;
using Gai.Pipelines.PostgreSql;
using Gai.Pipelines.PostgreSql.Internal;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Has the logs of an application kept in PostgreSQL.</summary>
public static class GaiPipelinesPostgreSqlServiceCollectionExtensions
{
    /// <summary>Keeps logs in a database, over connections of the store's own.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="connectionString">Where the server is, such as <c>Host=db;Database=app;Username=app;Password=...</c>.</param>
    /// <param name="configure">Sets the options; <see langword="null"/> for the defaults. They are checked when the application starts.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentException">The connection string is empty.</exception>
    public static IServiceCollection AddGaiPipelinesPostgreSql(this IServiceCollection services, string connectionString, Action<PostgreSqlLogStoreOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        return Add(services, configure, provider => new PostgreSqlLogStore(connectionString, OptionsOf(provider), LoggerOf(provider)));
    }

    /// <summary>Keeps logs in a database, over the <see cref="NpgsqlDataSource"/> that the application has registered.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the options; <see langword="null"/> for the defaults. They are checked when the application starts.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddGaiPipelinesPostgreSql(this IServiceCollection services, Action<PostgreSqlLogStoreOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return Add(services, configure, static provider => new PostgreSqlLogStore(
            provider.GetService<NpgsqlDataSource>() ?? throw new InvalidOperationException(
                "No NpgsqlDataSource is registered, over which logs could be kept. Register one, or give AddGaiPipelinesPostgreSql a connection string."),
            OptionsOf(provider),
            LoggerOf(provider)));
    }

    private static IServiceCollection Add(IServiceCollection services, Action<PostgreSqlLogStoreOptions>? configure, Func<IServiceProvider, PostgreSqlLogStore> open)
    {
        services.AddOptions<PostgreSqlLogStoreOptions>().Configure(options => configure?.Invoke(options)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PostgreSqlLogStoreOptions>, PostgreSqlLogStoreOptionsValidator>());
        services.TryAddSingleton(open);
        services.TryAddSingleton<ILogStore>(static provider => provider.GetRequiredService<PostgreSqlLogStore>());
        return services;
    }

    private static PostgreSqlLogStoreOptions OptionsOf(IServiceProvider provider) => provider.GetRequiredService<IOptions<PostgreSqlLogStoreOptions>>().Value;

    private static ILogger<PostgreSqlLogStore>? LoggerOf(IServiceProvider provider) => provider.GetService<ILogger<PostgreSqlLogStore>>();
}
