using System.IO.Pipelines;
using System.Net;
using BenchmarkDotNet.Attributes;
using Gai.Pipelines.Benchmarks.Sinks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gai.Pipelines.Benchmarks.Kestrel;

/// <summary>A request and its response of 1,000 events through the whole of Kestrel, routing and all, over a transport in memory. For information.</summary>
/// <remarks>Both sides share the process: their allocations and their time are counted together, and the client's are the same for all.</remarks>
[MemoryDiagnoser]
public class KestrelBenchmarks
{
    private const int Events = Contenders.Events;

    private WebApplication _app = null!;
    private MemoryClient _client = null!;

    /// <summary>The protocol; HTTP/2 without TLS.</summary>
    [Params("HTTP/1.1", "HTTP/2")]
    public string Protocol { get; set; } = string.Empty;

    /// <summary>Starts the server, and compares the responses.</summary>
    [GlobalSetup]
    public async Task Setup()
    {
        HttpProtocols protocol = Protocol == "HTTP/2" ? HttpProtocols.Http2 : HttpProtocols.Http1;
        var endpoint = new IPEndPoint(IPAddress.Loopback, 5000);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server => server.Listen(endpoint, listen => listen.Protocols = protocol));
        builder.Services.RemoveAll<IConnectionListenerFactory>();
        builder.Services.AddSingleton<MemoryTransport>();
        builder.Services.AddSingleton<IConnectionListenerFactory>(static services => services.GetRequiredService<MemoryTransport>());
        builder.Services.AddRouting().AddGaiPipelines();
        builder.Services.ConfigureHttpJsonOptions(static json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, PieceJson.Default));
        _app = builder.Build();
        _app.UseGaiPipelines();
        Contenders.Map(_app);
        await _app.StartAsync();

        IDuplexPipe connection = _app.Services.GetRequiredService<MemoryTransport>().Connect(endpoint);
        _client = protocol == HttpProtocols.Http2 ? new Http2Client(connection) : new Http1Client(connection);
        byte[] expected = Verify.Repeat(Contenders.Frame, Events);
        byte[] ours = Verify.Repeat(Contenders.Frame, Events, Contenders.Done);
        await VerifyAsync("/framework", expected);
        await VerifyAsync("/copy", expected);
        await VerifyAsync("/json-writer", expected);
        await VerifyAsync("/formatter", expected);
        await VerifyAsync("/strings", expected);
        await VerifyAsync("/gai", ours);
        await VerifyAsync("/gai-producer", ours);
    }

    /// <summary>Stops the server.</summary>
    [GlobalCleanup]
    public async Task Cleanup()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(soon.Token);
        await _app.DisposeAsync();
    }

    /// <summary>The framework's result, <c>TypedResults.ServerSentEvents</c>.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Events)]
    public Task<long> Framework() => _client.GetAsync("/framework");

    /// <summary>Ours, from the iterator.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task<long> Gai() => _client.GetAsync("/gai");

    /// <summary>Ours, from a producer on another thread, through its channel.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task<long> GaiProducer() => _client.GetAsync("/gai-producer");

    /// <summary>The floor: frames made beforehand.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task<long> Copy() => _client.GetAsync("/copy");

    /// <summary>A good loop by hand over Utf8JsonWriter.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task<long> JsonWriter() => _client.GetAsync("/json-writer");

    /// <summary>SseFormatter into the body.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task<long> Formatter() => _client.GetAsync("/formatter");

    /// <summary><c>WriteAsync(string)</c> and a flush for each event.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task<long> Strings() => _client.GetAsync("/strings");

    private async Task VerifyAsync(string path, byte[] expected)
    {
        // Twice: the second response begins where the first has left the connection.
        for (int i = 0; i < 2; i++)
        {
            var body = new MemoryStream();
            await _client.GetAsync(path, body).WaitAsync(TimeSpan.FromSeconds(30));
            Verify.Same(path, expected, body.ToArray());
        }
    }
}
