using System.Net;
using System.Reflection;
using Gai.Pipelines.Chat.Model;
using Gai.Pipelines.FunctionalTests.Conformance;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

[assembly: HostingStartup(typeof(SampleServer.Startup))]

namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>The sample's own program, in this process: with a model that is observed, and connections that are watched.</summary>
internal sealed class SampleServer : IAsyncDisposable
{
    private static TaskCompletionSource<IServiceProvider> s_started = new();

    private readonly IServiceProvider _services;
    private readonly Task _program;

    private SampleServer(IServiceProvider services, Task program)
    {
        _services = services;
        _program = program;
        Model = (ObservedModel)services.GetRequiredService<IChatClient>();
        Address = new Uri(services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public ObservedModel Model { get; }

    public Uri Address { get; }

    /// <summary>Starts the program. There can be one at a time.</summary>
    public static async Task<SampleServer> StartAsync()
    {
        s_started = new TaskCompletionSource<IServiceProvider>(TaskCreationOptions.RunContinuationsAsynchronously);
        string[] arguments =
        [
            "--hostingStartupAssemblies", Assembly.GetExecutingAssembly().GetName().Name!,
            "--Kestrel:Endpoints:Http1:Url", $"http://{IPAddress.Loopback}:0",
            "--Kestrel:Endpoints:Http2:Url", $"http://{IPAddress.Loopback}:0",
            "--Logging:LogLevel:Default", "None",
            "--Logging:LogLevel:Microsoft.AspNetCore", "None",
            "--Model:TokensPerSecond", "0",
            "--GaiPipelines:KeepAliveInterval", "00:00:01",
        ];
        var program = Task.Factory.StartNew(
            () => typeof(NGramChatClient).Assembly.EntryPoint!.Invoke(null, [arguments]), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task first = await Task.WhenAny(s_started.Task, program).OrFail("the sample starts");
        await first;
        return new SampleServer(await s_started.Task.OrFail("the sample listens"), program);
    }

    public async ValueTask DisposeAsync()
    {
        _services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await _program.OrFail("the sample ends");
    }

    /// <summary>Adds to the services of the sample. What it adds comes before what the sample adds if nobody else has.</summary>
    internal sealed class Startup : IHostingStartup
    {
        public void Configure(IWebHostBuilder builder) => builder.ConfigureServices(static services =>
        {
            services.AddHttpContextAccessor();
            services.AddSingleton<IChatClient>(static provider => new ObservedModel(
                ActivatorUtilities.CreateInstance<NGramChatClient>(provider), provider.GetRequiredService<IHttpContextAccessor>()));
            services.Configure<KestrelServerOptions>(static server => server.ConfigureEndpointDefaults(static listen => listen.Use(Wire.Watch)));
            services.AddHostedService(static provider => new Announcer(provider, provider.GetRequiredService<IHostApplicationLifetime>()));
        });
    }

    private sealed class Announcer(IServiceProvider services, IHostApplicationLifetime lifetime) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            lifetime.ApplicationStarted.Register(() => s_started.TrySetResult(services));
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
