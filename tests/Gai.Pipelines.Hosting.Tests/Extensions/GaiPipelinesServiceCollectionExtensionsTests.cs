using System.Collections.Concurrent;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Hosting.Tests.Extensions;

public sealed class GaiPipelinesServiceCollectionExtensionsTests
{
    [Fact]
    public void AddGaiPipelines_OwnTimeProvider_DrivesTheScheduler()
    {
        var time = new ManualTimeProvider();
        using ServiceProvider services = NewServices().AddSingleton<TimeProvider>(time).AddGaiPipelines().BuildServiceProvider();

        Assert.Same(time, services.GetRequiredService<TimeProvider>());
        Assert.Same(time, services.GetRequiredService<EventStreamProfiles>().Of(null).Dialect.TimeProvider);
    }

    [Fact]
    public void AddGaiPipelines_OwnScheduler_IsKept()
    {
        using var scheduler = new StreamScheduler(TimeProvider.System);
        using ServiceProvider services = NewServices().AddSingleton(scheduler).AddGaiPipelines().BuildServiceProvider();

        Assert.Same(scheduler, services.GetRequiredService<EventStreamProfiles>().Of(null).Pump.Scheduler);
    }

    [Fact]
    public void AddGaiPipelines_Twice_AddsUpOptionsAndNotServices()
    {
        using ServiceProvider services = NewServices()
            .AddGaiPipelines(o => o.ChannelCapacity = 5)
            .AddGaiPipelines(o => o.EventIds = true)
            .BuildServiceProvider();

        EventStreamOptions options = services.GetRequiredService<IOptions<EventStreamOptions>>().Value;
        Assert.Equal((5, true), (options.ChannelCapacity, options.EventIds));
        Assert.Single(services.GetServices<IHostedService>().OfType<DrainService>());
        Assert.Single(services.GetServices<IValidateOptions<EventStreamOptions>>());
    }

    [Fact]
    public void AddGaiPipelines_StoreDoesNotTakeWhatIsPublished_IsLogged()
    {
        using var entries = new RecordingLoggerProvider();
        using ServiceProvider services = NewServices().AddLogging(logging => logging.AddProvider(entries)).AddGaiPipelines().BuildServiceProvider();

        services.GetRequiredService<StreamLogs>().Options.OnTopicStoreFailure!(LogId.New(), new IOException("Away."));

        Assert.Equal((LogLevel.Warning, nameof(Log.LogStoreFailed), "Away."), Assert.Single(entries.Logged));
    }

    [Fact]
    public void UseGaiPipelines_WithoutServices_SaysWhatIsMissing()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        WebApplication app = builder.Build();

        InvalidOperationException failure = Assert.Throws<InvalidOperationException>(() => app.UseGaiPipelines());

        Assert.Contains("builder.Services.AddGaiPipelines()", failure.Message, StringComparison.Ordinal);
    }

    private static IServiceCollection NewServices() => new ServiceCollection().AddLogging();

    private sealed class RecordingLoggerProvider : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<(LogLevel Level, string? Name, string? Failure)> Logged { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Logged.Enqueue((logLevel, eventId.Name, exception?.Message));

        public void Dispose()
        {
        }
    }
}
