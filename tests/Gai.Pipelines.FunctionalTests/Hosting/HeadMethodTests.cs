using System.Net;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>HEAD asks for the head of what GET would get (RFC 9110, 9.3.2): nobody could read a stream, and the connection would be held up to its end.</summary>
public sealed class HeadMethodTests
{
    private readonly Watched _watched = new();

    [Theory]
    [InlineData("1.1", "/silent", "text/event-stream")]
    [InlineData("2", "/silent", "text/event-stream")]
    [InlineData("1.1", "/silent", "application/x-ndjson")]
    [InlineData("1.1", "/resumable", "text/event-stream")]
    [InlineData("2", "/resumable", "text/event-stream")]
    public async Task Head_EndlessStream_GetsTheHeadAndStartsNothing(string version, string path, string accept)
    {
        await using TestServer server = await TestServer.StartAsync(app =>
        {
            app.MapMethods("/silent", ["GET", "HEAD"], () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([])));
            app.MapMethods("/resumable", ["GET", "HEAD"], () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([]))).Resumable();
            app.MapGet("/next", () => "next");
        });

        for (int i = 0; i < 2; i++)
        {
            using HttpRequestMessage head = new(HttpMethod.Head, path) { Headers = { { "Accept", accept } } };
            Answer answer = await server.SendAsync(head, version);
            Assert.Equal((200, accept, ""), (answer.Status, answer.ContentType, answer.Body));
            Assert.Equal("next", (await server.GetAsync("/next", version: version)).Body);
        }

        Assert.False(_watched.IsStarted);
        await server.IsIdleAsync();
    }

    [Fact]
    public async Task Head_Document_HasTheLengthThatGetHas()
    {
        await using TestServer server = await TestServer.StartAsync(app =>
            app.MapMethods("/ticks", ["GET", "HEAD"], () => TypedResults.Extensions.EventStream(Sources.Ticks(3))));
        using HttpRequestMessage head = new(HttpMethod.Head, "/ticks") { Headers = { { "Accept", "application/json" } } };

        using HttpResponseMessage answer = await server.Client("1.1").SendAsync(head, TestContext.Current.CancellationToken).OrFail();

        Assert.Equal((HttpStatusCode.OK, (await server.GetAsync("/ticks", "application/json")).Body.Length), (answer.StatusCode, (int)answer.Content.Headers.ContentLength!));
    }
}
