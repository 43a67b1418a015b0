using System.Diagnostics.Metrics;
using Gai.Pipelines;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the services of event streams to an application.</summary>
public static class GaiPipelinesServiceCollectionExtensions
{
    /// <summary>Adds the services with the default options.</summary>
    /// <param name="services">The application's services.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddGaiPipelines(this IServiceCollection services) => services.AddGaiPipelines(static _ => { });

    /// <summary>Adds the services and sets the options in code.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddGaiPipelines(this IServiceCollection services, Action<EventStreamOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.Configure(configure);
        return AddCore(services);
    }

    /// <summary>Adds the services and sets the options from a section of the configuration.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="section">The section, by convention <c>GaiPipelines</c>. Its keys are the names of the options.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddGaiPipelines(this IServiceCollection services, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        services.Configure<EventStreamOptions>(section);
        services.Configure<EventStreamOptions>(options => BindFlushPolicy(options, section.GetSection(nameof(EventStreamOptions.FlushPolicy))));
        return AddCore(services);
    }

    // The policy is immutable, which the binder passes over in silence.
    private static void BindFlushPolicy(EventStreamOptions options, IConfigurationSection section)
    {
        if (section.Exists())
        {
            options.FlushPolicy = new FlushPolicy(
                section.GetValue(nameof(FlushPolicy.Delay), options.FlushPolicy.Delay),
                section.GetValue(nameof(FlushPolicy.Bytes), options.FlushPolicy.Bytes));
        }
    }

    private static StreamLogs NewLogs(IServiceProvider provider)
    {
        ILogger logger = provider.GetRequiredService<ILogger<StreamLogs>>();
        StreamLogsOptions options = provider.GetRequiredService<IOptions<EventStreamOptions>>().Value.Logs.ToOptions() with
        {
            Scheduler = provider.GetRequiredService<StreamScheduler>(),
            OnStoreFailure = (log, failure) => Log.LogStoreFailed(logger, log.Description.Id, failure),
            OnTopicStoreFailure = (log, failure) => Log.LogStoreFailed(logger, log, failure),
        };
        var logs = new StreamLogs(provider.GetService<ILogStore>() is { } store ? options with { Store = store } : options);
        LogTelemetry.Tell(provider.GetRequiredService<IMeterFactory>(), logs);
        return logs;
    }

    private static IServiceCollection AddCore(IServiceCollection services)
    {
        services.AddOptions<EventStreamOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EventStreamOptions>, EventStreamOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(static provider => new StreamScheduler(provider.GetRequiredService<TimeProvider>()));
        services.AddMetrics();
        services.TryAddSingleton(static provider => new StreamMetrics(provider.GetRequiredService<IMeterFactory>().Create(StreamMetrics.MeterName)));
        services.TryAddSingleton<StreamTelemetry>();
        services.TryAddSingleton<StreamRegistry>();
        services.TryAddSingleton<StreamAdmission>();
        services.TryAddSingleton<CompressedStreams>();
        services.TryAddSingleton<EventStreamProfiles>();
        services.TryAddSingleton<EventStreamExecutor>();
        services.TryAddSingleton(static provider => new EventStreamMiddleware(
            provider.GetRequiredService<EventStreamProfiles>(),
            provider.GetRequiredService<EventStreamExecutor>(),
            provider.GetRequiredService<ILogger<EventStreamMiddleware>>()));
        services.TryAddSingleton(NewLogs);
        services.TryAddSingleton<ResumableStreams>();
        services.TryAddEnumerable(ServiceDescriptor.Transient<IApiDescriptionProvider, ResumableDescriptions>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, ResumableDeletePolicy>());
        services.TryAddSingleton(static provider => new EventTopics(
            provider.GetRequiredService<StreamLogs>(),
            provider.GetRequiredService<IOptionsMonitor<EventTopicOptions>>(),
            provider.GetRequiredService<IOptions<JsonOptions>>(),
            provider.GetRequiredService<EventStreamProfiles>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, EndpointOptionsCheck>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, DrainService>());
        return services;
    }
}
