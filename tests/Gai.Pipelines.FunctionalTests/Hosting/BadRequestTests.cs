using System.Text;
using Gai.Pipelines.AI;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>Requests that cannot be read.</summary>
public sealed class BadRequestTests
{
    [Theory]
    [InlineData("1.1", "{\"item\":\"tea\",\n \"count\":two}", "line 2, byte 11, at $.count")]
    [InlineData("2", "{\"item\":\"tea\",\n \"count\":two}", "line 2, byte 11, at $.count")]
    [InlineData("1.1", "{\"item\":", "line 1, byte 9")]
    [InlineData("1.1", "{\"item\":\"tea\",\"count\":\"two\"}", "at $.count")]
    public async Task Post_MalformedJson_GetsAProblemDocumentThatSaysWhere(string version, string body, string where)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.SendAsync(Post("/stream", body), version);

        Assert.Equal((400, "application/problem+json"), (answer.Status, answer.ContentType));
        Assert.Equal(400, answer.Json.GetProperty("status").GetInt32());
        Assert.Contains(where, answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Post_NoBody_GetsAProblemDocument()
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.SendAsync(Post("/stream", ""));

        Assert.Equal((400, "application/problem+json"), (answer.Status, answer.ContentType));
    }

    [Fact]
    public async Task Post_GoodJson_Streams()
    {
        await using TestServer server = await StartAsync();

        Assert.Equal("data: tea\n\n", (await server.SendAsync(Post("/stream", "{\"item\":\"tea\",\"count\":2}"))).Body);
    }

    [Theory]
    [InlineData("application/json", "{\"item\":")]
    [InlineData("application/json", "")]
    [InlineData("text/plain", "tea")]
    public async Task Post_EndpointThatDoesNotStream_AnswersAsWithoutUs(string contentType, string body)
    {
        await using TestServer with = await StartAsync();
        await using TestServer without = await StartAsync(Middleware.NotUsed);

        Answer ours = await with.SendAsync(Post("/other", body, contentType));
        Answer theirs = await without.SendAsync(Post("/other", body, contentType));

        Assert.Equal((theirs.Status, theirs.Body, theirs.ContentType), (ours.Status, ours.Body, ours.ContentType));
        Assert.Empty(with.Logs.WarningsAndErrors);
        Assert.Equal(theirs.Headers, ours.Headers);
        Assert.InRange(ours.Status, 400, 499);
        Assert.Empty(with.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Get_EndpointThatDoesNotStreamThrows_IsNotOursToAnswer()
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync("/throws");

        Assert.Equal((500, ""), (answer.Status, answer.Body));
        Assert.StartsWith("Microsoft.AspNetCore", Assert.Single(server.Logs.WarningsAndErrors).Category, StringComparison.Ordinal);
    }

    /// <summary>What a handler throws is the application's, also if it is what the framework throws for requests that it cannot read.</summary>
    [Fact]
    public async Task Get_EndpointThatDoesNotStreamThrowsABadRequest_ReachesTheApplicationsHandler()
    {
        await using TestServer server = await TestServer.StartAsync(
            app =>
            {
                app.Use(async (context, next) =>
                {
                    try
                    {
                        await next(context);
                    }
                    catch (BadHttpRequestException bad)
                    {
                        context.Response.StatusCode = bad.StatusCode;
                        await context.Response.WriteAsync(bad.Message);
                    }
                });
                app.UseGaiPipelines();
                app.MapGet("/coupon", string () => throw new BadHttpRequestException("Coupon expired.", 422));
            },
            middleware: Middleware.NotUsed);

        Answer answer = await server.GetAsync("/coupon");

        Assert.Equal((422, "Coupon expired."), (answer.Status, answer.Body));
    }

    [Fact]
    public async Task Use_Twice_HidesBadRequestsOfOtherEndpointsAsOnce()
    {
        await using TestServer server = await TestServer.StartAsync(app =>
        {
            app.UseGaiPipelines();
            app.MapPost("/other", (Order order) => order.Item);
        });

        Answer answer = await server.SendAsync(Post("/other", "{"));

        Assert.Equal((400, ""), (answer.Status, answer.Body));
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Use_AfterTheFirstEndpoint_StopsTheStartIfAStreamWouldLoseItsDocuments()
    {
        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(() => TestServer.StartAsync(
            app =>
            {
                app.MapGet("/health", () => "well");
                app.UseGaiPipelines();
                app.MapPost("/orders", (Order order) => TypedResults.Extensions.EventStream(new[] { order.Item }.ToAsyncEnumerable()));
            },
            middleware: Middleware.NotUsed));

        Assert.Contains("/orders would answer", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Call it before the first Map.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Use_AfterEndpointsThatReadTheirRequestsThemselves_LosesNothing()
    {
        await using TestServer server = await TestServer.StartAsync(
            app =>
            {
                app.MapGet("/health", () => "well");
                app.MapEventStream("/ticks", _ => Sources.Ticks(1));
                app.MapOpenAIChatCompletions("/v1/chat/completions", (HttpContext _, ChatCall _) => Sources.Texts("Hi"));
                app.UseGaiPipelines();
            },
            middleware: Middleware.NotUsed);

        Answer answer = await server.SendAsync(Post("/v1/chat/completions", "{"));

        Assert.Equal((400, 1), (answer.Status, answer.Json.EnumerateObject().Count()));
        Assert.Equal("data: {\"n\":1}\n\n", (await server.GetAsync("/ticks")).Body);
    }

    private static HttpRequestMessage Post(string path, string body, string contentType = "application/json") =>
        new(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, contentType) };

    private static Task<TestServer> StartAsync(Middleware middleware = Middleware.Used) => TestServer.StartAsync(
        app =>
        {
            app.MapPost("/stream", (Order order) => TypedResults.Extensions.EventStream(new[] { order.Item }.ToAsyncEnumerable()));
            app.MapPost("/other", (Order order) => order.Item);
            app.MapGet("/throws", string () => throw new InvalidOperationException("broken"));
        },
        middleware: middleware);
}
