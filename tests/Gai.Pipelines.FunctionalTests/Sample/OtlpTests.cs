using System.Text;
using Gai.Pipelines.Chat.Figures;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Gai.Pipelines.FunctionalTests.Sample;

/// <summary>What the sample exports to a collector of OpenTelemetry, and when.</summary>
public sealed class OtlpTests
{
    [Fact]
    public async Task Sample_EndpointIsSet_ExportsFiguresAndActivities()
    {
        var figures = new Expected("Gai.Pipelines", "gai.stream.events", "gai.stream.duration", "completed");
        var activities = new Expected("Gai.Pipelines", "gai.stream.outcome", "completed", "/ticks");
        await using TestServer collector = await TestServer.StartAsync(app =>
        {
            app.MapPost("/v1/metrics", figures.ReceiveAsync);
            app.MapPost("/v1/traces", activities.ReceiveAsync);
        });
        await using var sample = new SampleProgram
        {
            Settings = new()
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{collector.Http1Port}",
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "50",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "50",
            },
        };
        await sample.InitializeAsync();

        using var client = new HttpClient();
        await client.GetByteArrayAsync(new Uri(sample.Addresses[0], "/ticks?count=3&intervalMs=0"));

        await figures.HasCome.OrFail("the collector gets the figures");
        await activities.HasCome.OrFail("the collector gets the activity");
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(" ", false)]
    [InlineData("http://127.0.0.1:1", true)]
    public async Task AddFigures_Endpoint_DecidesWhetherThereAreExporters(string? endpoint, bool exports)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint, ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "1" })
            .Build();
        await using ServiceProvider services = new ServiceCollection()
            .AddSingleton(configuration).AddSingleton(TimeProvider.System).AddMetrics().AddFigures(configuration).BuildServiceProvider();

        Assert.Equal(exports, services.GetService<MeterProvider>() is not null);
        Assert.Equal(exports, services.GetService<TracerProvider>() is not null);
        Assert.NotNull(services.GetService<StreamFigures>());
    }

    /// <summary>Waits for a request that has all words in it. Protobuf writes texts as they are, in UTF-8.</summary>
    private sealed class Expected(params string[] words)
    {
        private readonly TaskCompletionSource _hasCome = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task HasCome => _hasCome.Task;

        public async Task ReceiveAsync(HttpContext context)
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            Assert.Equal("application/x-protobuf", context.Request.ContentType);
            if (words.All(word => body.GetBuffer().AsSpan(0, (int)body.Length).IndexOf(Encoding.UTF8.GetBytes(word)) >= 0))
            {
                _hasCome.TrySetResult();
            }
        }
    }
}
