using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>The framework's output cache, with a policy for all endpoints: it looks at no <c>Cache-Control</c> of the response.</summary>
public sealed class OutputCacheTests
{
    private readonly Watched _watched = new();
    private int _runs;

    [Theory]
    [InlineData("/idle")]
    [InlineData("/mapped")]
    public async Task Get_AddressWhoseStreamIsOpen_GetsAStreamOfItsOwn(string path)
    {
        await using TestServer server = await StartAsync();
        using OpenStream first = await server.OpenAsync(path);
        Assert.Equal("data: {\"n\":1}\n\n", await first.ReadEventAsync());

        using OpenStream second = await server.OpenAsync(path);

        Assert.Equal("data: {\"n\":1}\n\n", await second.ReadEventAsync());
        Assert.Equal(2, _watched.Starts);
    }

    [Theory]
    [InlineData("/handler", "text/event-stream")]
    [InlineData("/hidden", "text/event-stream")]
    [InlineData("/hidden", "application/json")]
    [InlineData("/shown", "application/json")]
    public async Task Get_AddressWhoseStreamIsOver_RunsAnew(string path, string accept)
    {
        await using TestServer server = await StartAsync();
        Answer first = await server.GetAsync(path, accept);

        Answer second = await server.GetAsync(path, accept);

        Assert.Equal((200, first.Body), (second.Status, second.Body));
        Assert.False(second.Headers.ContainsKey("Age"));
        Assert.Equal(2, _runs);
    }

    [Fact]
    public async Task Get_EndpointThatDoesNotStream_IsKept()
    {
        await using TestServer server = await StartAsync();
        await server.GetAsync("/other");

        await server.GetAsync("/other");

        Assert.Equal(1, _runs);
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(
        app =>
        {
            app.UseOutputCache();
            app.UseGaiPipelines();
            app.MapGet("/idle", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([new(1)])));
            app.MapEventStream("/mapped", _ => _watched.ThenSilence<Tick>([new(1)]));
            app.MapGet("/shown", () => Run(TypedResults.Extensions.EventStream(Sources.Ticks(2))));
            app.MapGet("/hidden", IResult () => Run(TypedResults.Extensions.EventStream(Sources.Ticks(2))));
            app.MapGet("/other", () => Run("well"));
            app.MapGet("/handler", async context =>
            {
                await using Gai.Pipelines.Hosting.EventStream<Tick> stream = Run(context.OpenEventStream<Tick>());
                await stream.WriteAsync(new Tick(1));
                await stream.CompleteAsync();
            });
        },
        services => services.AddOutputCache(cache => cache.AddBasePolicy(policy => policy.Expire(TimeSpan.FromHours(1)))),
        middleware: Middleware.NotUsed);

    private T Run<T>(T result)
    {
        Interlocked.Increment(ref _runs);
        return result;
    }
}
