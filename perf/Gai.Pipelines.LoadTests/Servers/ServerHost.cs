using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Gai.Pipelines.LoadTests.Measuring;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>The process of a server: one contender, on ports of the loopback interface, until the process that started it lets go.</summary>
internal static class ServerHost
{
    /// <summary>The verb that starts it.</summary>
    public const string Verb = "serve";

    // When Kestrel's own 512 wait, the system drops what arrives, and a client tries again after a second: a scenario would measure that.
    private const int Backlog = 4096;

    public static async Task<int> RunAsync(string contender, string format)
    {
        ContenderSpec spec = ContenderSpec.Parse(contender);
        var state = new ServerState();
        if (spec.Name == RawServer.Name)
        {
            using var raw = new RawServer(WireFormat.Of(format), state);
            Serve(new ServerReady(raw.Port, 0), raw.Ticker, state);
            return 0;
        }

        IContender server = Contenders.Create(spec, WireFormat.Of(format));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        ConfigureKestrel(builder, spec);
        ConfigureLogging(builder);
        server.Configure(builder);
        await using WebApplication app = builder.Build();
        ITicker ticker = server.Map(app, state);
        await app.StartAsync();
        int[] ports = [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(static address => new Uri(address).Port)];
        Serve(new ServerReady(ports[0], ports[1]), ticker, state);

        // Streams may still be open, and nobody reads them any more: the process ends here, as the client has seen all it wants.
        Environment.Exit(0);
        return 0;
    }

    private static void Serve(ServerReady ready, ITicker ticker, ServerState state)
    {
        Console.Out.WriteLine(JsonSerializer.Serialize(ready, LoadJson.Default.ServerReady));
        Console.Out.Flush();
        new ControlLoop(ticker, state).Run(Console.In, Console.Out);
    }

    private static void ConfigureKestrel(WebApplicationBuilder builder, ContenderSpec spec)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2);
            if (spec.Number("max-response-buffer") is { } bytes)
            {
                kestrel.Limits.MaxResponseBufferSize = bytes;
            }
        });
        builder.WebHost.UseSockets(sockets =>
        {
            sockets.UnsafePreferInlineScheduling = spec.Has("kestrel-inline");
            sockets.Backlog = spec.Number("backlog") ?? Backlog;
            sockets.IOQueueCount = spec.Number("io-queues") ?? sockets.IOQueueCount;
            if (spec.Number("send-buffer") is { } sendBuffer)
            {
                sockets.CreateBoundListenSocket = endpoint => Listen(endpoint, sendBuffer);
            }
        });
    }

    private static Socket Listen(EndPoint endpoint, int sendBuffer)
    {
        Socket socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);

        // Whom it accepts has the same.
        socket.SendBufferSize = sendBuffer;
        return socket;
    }

    /// <summary>What a server logs as an error is a failure of the run: it goes to the standard error, which is watched.</summary>
    private static void ConfigureLogging(WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Logging.AddConsole(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.AddSimpleConsole(static console => console.ColorBehavior = LoggerColorBehavior.Disabled);
    }
}
