using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>We send no CORS headers of our own: the application's policy does, on streams as on errors.</summary>
public sealed class CorsTests
{
    private const string Friend = "https://friend.example";

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Preflight_AllowedOrigin_IsAnsweredByThePolicy(string version)
    {
        await using TestServer server = await StartAsync();
        var request = new HttpRequestMessage(HttpMethod.Options, "/chat");
        request.Headers.Add("Origin", Friend);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "content-type, last-event-id");

        Answer answer = await server.SendAsync(request, version);

        Assert.Equal(204, answer.Status);
        Assert.Equal(Friend, answer.Headers["Access-Control-Allow-Origin"]);
        Assert.Equal("POST", answer.Headers["Access-Control-Allow-Methods"]);
        Assert.Equal("content-type,last-event-id", answer.Headers["Access-Control-Allow-Headers"]);
    }

    [Theory]
    [InlineData("/ticks", 200)]
    [InlineData("/fail", 500)]
    [InlineData("/done", 204)]
    [InlineData("/picky", 406)]
    public async Task SimpleRequest_AllowedOrigin_MayReadTheAnswer(string path, int status)
    {
        await using TestServer server = await StartAsync();
        using HttpRequestMessage request = TestServer.Get(
            path == "/ticks" || path == "/fail" ? path : "/ticks", path == "/picky" ? "image/png" : null, path == "/done" ? TerminalEventId.Done : null);
        request.Headers.Add("Origin", Friend);

        Answer answer = await server.SendAsync(request);

        Assert.Equal(status, answer.Status);
        Assert.Equal(Friend, answer.Headers["Access-Control-Allow-Origin"]);
        Assert.Contains("Origin", answer.Headers["Vary"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task SimpleRequest_ForeignOrigin_GetsNoPermission()
    {
        await using TestServer server = await StartAsync();
        using HttpRequestMessage request = TestServer.Get("/ticks");
        request.Headers.Add("Origin", "https://foe.example");

        Answer answer = await server.SendAsync(request);

        Assert.DoesNotContain(answer.Headers.Keys, name => name.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(
        app =>
        {
            app.MapPost("/chat", () => TypedResults.Extensions.EventStream(Sources.Texts("Hi")));
            app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(Sources.Ticks(1)));
            app.MapGet("/fail", () => TypedResults.Extensions.EventStream(Sources.TicksThen(0, new InvalidOperationException("broken"))));
        },
        services => services.AddCors(cors => cors.AddDefaultPolicy(
            policy => policy.WithOrigins(Friend, "https://other.example").AllowAnyHeader().AllowAnyMethod())));
}
