using System.Net;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Gai.Pipelines.FunctionalTests.Proxies;

/// <summary>YARP in an application of its own.</summary>
internal sealed class YarpProxy : Proxy
{
    private readonly WebApplication _app;

    private YarpProxy(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public override Uri Address { get; }

    public static async Task<YarpProxy> StartAsync(int server, Version version, TimeSpan silence)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRouting();
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "server", Match = new RouteMatch { Path = "{**all}" } }],
            [
                new ClusterConfig
                {
                    ClusterId = "server",
                    Destinations = new Dictionary<string, DestinationConfig> { ["server"] = new() { Address = $"http://127.0.0.1:{server}" } },
                    HttpRequest = new ForwarderRequestConfig { ActivityTimeout = silence, Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact },
                },
            ]);
        WebApplication app = builder.Build();
        app.MapReverseProxy();
        await app.StartAsync();
        return new YarpProxy(app);
    }

    public override async ValueTask DisposeAsync()
    {
        await _app.StopAsync().OrFail("the proxy stops");
        await _app.DisposeAsync();
    }
}
