using System.Net;
using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.LoadTests.Tests.Client;

/// <summary>The client against a real server that does what it is asked, also wrong.</summary>
public sealed class LoadClientTests : IAsyncLifetime
{
    private readonly TaskCompletionSource _mayRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication _server = null!;
    private int[] _ports = [];

    /// <summary>Every way to speak, with every way to wait.</summary>
    public static TheoryData<string, string> Ways
    {
        get
        {
            var ways = new TheoryData<string, string>();
            foreach (Protocol protocol in Enum.GetValues<Protocol>())
            {
                foreach (Waiting waiting in Enum.GetValues<Waiting>().Where(static waiting => waiting == Waiting.Select || OperatingSystem.IsLinux()))
                {
                    ways.Add(protocol.ToString(), waiting.ToString());
                }
            }

            return ways;
        }
    }

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2);
        });
        _server = builder.Build();
        _server.MapGet("/numbers/{numbers}", NumbersAsync);
        _server.MapGet("/broken", BrokenAsync);
        _server.MapGet("/busy", static (HttpContext context) => { context.Response.StatusCode = 503; });
        _server.MapGet("/silent", static (HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted));
        _server.MapPost("/echo", static (HttpContext context) => context.Request.Body.CopyToAsync(context.Response.Body));
        _server.MapPost("/late", async context =>
        {
            await _mayRead.Task;
            await context.Request.Body.CopyToAsync(context.Response.Body);
        });
        await _server.StartAsync();
        _ports = [.. _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(static address => new Uri(address).Port)];
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Open_ManyStreams_EachComesWhole(string protocol, string waiting)
    {
        using LoadClient client = CreateClient(protocol, waiting);
        StreamResult[] streams = await Task.WhenAll(Enumerable.Range(0, 250).Select(_ => client.OpenAsync(Request("/numbers/0,1,2,3,4", 5)))).OrFail();
        Assert.All(streams, static stream => Assert.Equal((5, 0, 0, null), (stream.Events, stream.Gaps, stream.Duplicates, stream.Problem)));
        Assert.All(streams, static stream => Assert.True(stream.FirstByte >= 0));
        Assert.Equal((1_250, 250, 250), (client.Events, client.Heads, client.Ended));
        Assert.Equal(250, client.FirstByte().Count);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Open_EventIsMissing_IsAProblem(string protocol, string waiting)
    {
        StreamResult stream = await OpenAsync(protocol, waiting, Request("/numbers/0,1,3,4", 4));
        Assert.Equal(1, stream.Gaps);
        Assert.Contains("1 events are missing", stream.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Open_EventComesTwice_IsAProblem(string protocol, string waiting)
    {
        StreamResult stream = await OpenAsync(protocol, waiting, Request("/numbers/0,1,1,2", 4));
        Assert.Equal(1, stream.Duplicates);
        Assert.NotNull(stream.Problem);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Open_LastEventIsMissing_IsAProblem(string protocol, string waiting)
    {
        StreamResult stream = await OpenAsync(protocol, waiting, Request("/numbers/0,1,2", 4));
        Assert.Equal("3 events came of 4.", stream.Problem);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Open_ServerBreaksOff_IsAProblem(string protocol, string waiting) =>
        Assert.NotNull((await OpenAsync(protocol, waiting, Request("/broken", 1))).Problem);

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Open_OtherStatus_IsAProblem(string protocol, string waiting) =>
        Assert.NotNull((await OpenAsync(protocol, waiting, Request("/busy", 1))).Problem);

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Open_Later_BeginsWhenItIsDue(string protocol, string waiting)
    {
        long due = Clock.Now + 30_000;
        StreamResult stream = await OpenAsync(protocol, waiting, Request("/numbers/0", 1) with { Due = due });
        Assert.Null(stream.Problem);
        Assert.True(Clock.Now >= due);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Dispose_StreamsAreOpen_EndsThemWithoutAProblem(string protocol, string waiting)
    {
        LoadClient client = CreateClient(protocol, waiting);
        Task<StreamResult> open = client.OpenAsync(Request("/silent", null));
        Task<StreamResult> later = client.OpenAsync(Request("/silent", null) with { Due = Clock.Now + 3_600_000_000 });
        client.Dispose();
        Assert.Null((await open.OrFail()).Problem);
        Assert.Null((await later.OrFail()).Problem);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Open_Upload_EveryRecordComesBack(string protocol, string waiting)
    {
        // More than the windows of HTTP/2 hold, so that the client has to wait for room.
        const int Records = 50_000;
        StreamResult stream = await OpenAsync(protocol, waiting, new StreamRequest("/echo", WireFormat.Ndjson, new Expectation(Records)) { Upload = new Upload(Records, 0) });
        Assert.Equal((Records, null), (stream.Events, stream.Problem));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Open_UploadToAServerThatReadsLate_WaitsForRoom(string protocol, string waiting)
    {
        const int Records = 50_000;
        using LoadClient client = CreateClient(protocol, waiting);
        Task<StreamResult> upload = client.OpenAsync(new StreamRequest("/late", WireFormat.Ndjson, new Expectation(Records)) { Upload = new Upload(Records, 0) });

        // Over HTTP/2 this one goes by the same connection, behind all that the upload had room for.
        Assert.Null((await client.OpenAsync(Request("/numbers/0", 1)).OrFail()).Problem);
        _mayRead.SetResult();

        StreamResult late = await upload.OrFail();
        Assert.Equal((Records, null), (late.Events, late.Problem));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Open_SlowReader_GetsItAllTheSame(string protocol, string waiting)
    {
        StreamResult stream = await OpenAsync(protocol, waiting, Request("/numbers/0,1,2,3", 4) with { ReadRate = 2_000 });
        Assert.Equal((4, null), (stream.Events, stream.Problem));
    }

    private async Task<StreamResult> OpenAsync(string protocol, string waiting, StreamRequest request)
    {
        using LoadClient client = CreateClient(protocol, waiting);
        return await client.OpenAsync(request).OrFail();
    }

    private LoadClient CreateClient(string protocol, string waiting)
    {
        Protocol spoken = Enum.Parse<Protocol>(protocol);
        return new LoadClient(new ClientSettings(new IPEndPoint(IPAddress.Loopback, _ports[spoken == Protocol.Http1 ? 0 : 1]), spoken, [], Threads: 1)
        {
            Waiting = Enum.Parse<Waiting>(waiting),
        });
    }

    private static StreamRequest Request(string path, long? events) => new(path, WireFormat.Sse, new Expectation(events));

    private static async Task NumbersAsync(HttpContext context, string numbers)
    {
        foreach (string number in numbers.Split(','))
        {
            await context.Response.BodyWriter.WriteAsync(WireFormat.Sse.Frame(Letters.Of(0, long.Parse(number, System.Globalization.CultureInfo.InvariantCulture))));
        }
    }

    private static async Task BrokenAsync(HttpContext context)
    {
        await context.Response.BodyWriter.WriteAsync(WireFormat.Sse.Frame(Letters.Of(0, 0)));
        context.Abort();
    }
}
