using System.Net;
using System.Net.Sockets;
using Gai.Pipelines.AI;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.FunctionalTests.Providers;

/// <summary>What goes wrong at a provider, and what the client of a gateway is told.</summary>
public sealed class ProviderFailureTests
{
    private static readonly ChatMessage[] Hello = [new(ChatRole.User, "Hello")];

    [Theory]
    [InlineData(400, """{"error":{"message":"Too long.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""", StreamErrorCodes.ContextLengthExceeded, "Too long.")]
    [InlineData(400, """{"error":{"message":"Bad.","type":"invalid_request_error","param":null,"code":null}}""", StreamErrorCodes.InvalidRequest, "Bad.")]
    [InlineData(400, """{"error":{"message":"Filtered.","code":"content_filter"}}""", StreamErrorCodes.SafetyBlocked, "Filtered.")]
    [InlineData(401, """{"error":{"message":"Who?","type":"invalid_request_error","code":"invalid_api_key"}}""", StreamErrorCodes.Unauthorized, "Who?")]
    [InlineData(403, """{"error":"no"}""", StreamErrorCodes.Forbidden, "no")]
    [InlineData(404, """{"error":{"message":"No model.","type":"NotFoundError","code":404}}""", StreamErrorCodes.NotFound, "No model.")]
    [InlineData(429, """{"error":{"message":"Slow down.","type":"rate_limit_error","code":"rate_limit_exceeded"}}""", StreamErrorCodes.RateLimited, "Slow down.")]
    [InlineData(500, """{"error":{"message":"Boom.","type":"server_error"}}""", StreamErrorCodes.Internal, "Boom.")]
    [InlineData(502, "<html>nginx</html>", StreamErrorCodes.ProviderUnavailable, "The provider of the model answered with status 502.")]
    [InlineData(503, """{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}""", StreamErrorCodes.ProviderUnavailable, "Loading model")]
    [InlineData(504, "", StreamErrorCodes.Timeout, "The provider of the model answered with status 504.")]
    [InlineData(529, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", StreamErrorCodes.Overloaded, "Overloaded")]
    public async Task StreamEvents_ErrorResponse_IsTheErrorItMeans(int status, string body, string code, string message)
    {
        await using Upstream upstream = await Upstream.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "7";
            return Upstream.WriteAsync(context, body, contentType: "application/json");
        });
        using OpenAICompatibleChatClient client = upstream.NewClient();

        foreach (Func<Task> ask in (Func<Task>[])[() => client.StreamEventsAsync(Hello).LastAsync().AsTask(), () => client.GetResponseAsync(Hello)])
        {
            var thrown = await Assert.ThrowsAsync<StreamErrorException>(ask);

            Assert.Equal((code, message, TimeSpan.FromSeconds(7)), (thrown.Error.Code, thrown.Error.Message, thrown.Error.RetryAfter));
            Assert.Equal(status is 429 or >= 500, thrown.Error.Temporary);
        }
    }

    [Fact]
    public async Task StreamEvents_NobodyListens_IsNetwork()
    {
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start();
        var address = new Uri($"http://{port.LocalEndpoint}/v1");
        port.Stop();
        using var http = new HttpClient();
        using var client = new OpenAICompatibleChatClient(http, new OpenAICompatibleOptions { BaseAddress = address });

        var thrown = await Assert.ThrowsAsync<StreamErrorException>(() => client.StreamEventsAsync(Hello).LastAsync().AsTask());

        Assert.Equal((StreamErrorCodes.Network, true), (thrown.Error.Code, thrown.Error.Temporary));
        Assert.IsType<HttpRequestException>(thrown.InnerException);
    }

    [Theory]
    [InlineData("")]
    [InlineData("data: {\"id\":")]
    public async Task StreamEvents_ConnectionIsCut_GivesWhatCameAndThenTheError(string rest)
    {
        await using Upstream upstream = await Upstream.StartAsync(async context =>
        {
            await Upstream.WriteAsync(context, Upstream.Delta("""{"content":"a"}""") + rest);
            throw new InvalidOperationException("The provider dies.");
        });
        using OpenAICompatibleChatClient client = upstream.NewClient();
        var texts = new List<string>();

        var thrown = await Assert.ThrowsAsync<StreamErrorException>(() => CollectAsync(client, texts));

        Assert.Equal(["a"], texts);
        Assert.Equal((StreamErrorCodes.Network, true), (thrown.Error.Code, thrown.Error.Temporary));
        Assert.IsType<HttpIOException>(thrown.InnerException);
    }

    [Fact]
    public async Task StreamEvents_CleanEndWithoutEndMarker_IsTruncated()
    {
        await using Upstream upstream = await Upstream.StreamingAsync(Upstream.Delta("""{"content":"a"}"""));
        using OpenAICompatibleChatClient client = upstream.NewClient();

        var thrown = await Assert.ThrowsAsync<StreamErrorException>(() => CollectAsync(client, []));

        Assert.IsType<TruncatedStreamException>(thrown.InnerException);
    }

    [Fact]
    public async Task StreamEvents_ServerIsSilentForTooLong_IsTimeout()
    {
        await using Upstream upstream = await Upstream.StartAsync(async context =>
        {
            await Upstream.WriteAsync(context, Upstream.Delta("""{"content":"a"}"""));
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        });
        var time = new ManualTimeProvider();
        using OpenAICompatibleChatClient client = upstream.NewClient(
            options: new OpenAICompatibleOptions { BaseAddress = upstream.BaseAddress, TimeProvider = time, ReadTimeout = TimeSpan.FromSeconds(30) });

        Task<StreamErrorException> thrown = Assert.ThrowsAsync<StreamErrorException>(() => CollectAsync(client, []));
        await Deadline.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(30));
            return thrown.IsCompleted;
        });

        Assert.Equal(StreamErrorCodes.Timeout, (await thrown).Error.Code);
    }

    [Theory]
    [InlineData(429, StreamErrorCodes.RateLimited)]
    [InlineData(503, StreamErrorCodes.ProviderUnavailable)]
    public async Task StreamEvents_BodyOfTheErrorDoesNotCome_IsWhatTheStatusSays(int status, string code)
    {
        await using Upstream upstream = await Upstream.StartAsync(async context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "7";
            await Upstream.WriteAsync(context, """{"error":{"message":"Slow""", contentType: "application/json");
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        });
        var time = new ManualTimeProvider();
        using OpenAICompatibleChatClient client = upstream.NewClient(options: new OpenAICompatibleOptions { BaseAddress = upstream.BaseAddress, TimeProvider = time });

        Task<StreamErrorException> thrown = Assert.ThrowsAsync<StreamErrorException>(() => CollectAsync(client, []));
        await time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        time.Advance(TimeSpan.FromSeconds(5));

        StreamError error = (await thrown.OrFail("the error")).Error;
        Assert.Equal((code, $"The provider of the model answered with status {status}.", TimeSpan.FromSeconds(7)), (error.Code, error.Message, error.RetryAfter));
    }

    [Fact]
    public async Task ChatStream_ProviderRefuses_GatewayAnswersWithItsStatus()
    {
        await using Upstream upstream = await Upstream.StartAsync(context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers["retry-after-ms"] = "6500";
            return Upstream.WriteAsync(context, """{"error":{"message":"Slow down.","type":"rate_limit_error"}}""", contentType: "application/json");
        });
        using OpenAICompatibleChatClient client = upstream.NewClient();
        await using TestServer gateway = await TestServer.StartAsync(app => app.MapGet("/chat", () => TypedResults.Extensions.ChatStream(client, Hello)));

        Answer answer = await gateway.GetAsync("/chat", "text/event-stream");

        Assert.Equal((429, "7", "rate_limited", "Slow down."), (answer.Status, answer.Headers["retry-after"], answer.Json.GetProperty("code").GetString(), answer.Json.GetProperty("detail").GetString()));
    }

    [Fact]
    public async Task ProviderErrorHandler_ErrorResponse_ReachesTheClientOfAnyProvider()
    {
        await using Upstream upstream = await Upstream.StartAsync(context =>
        {
            context.Response.StatusCode = 529;
            context.Response.Headers.RetryAfter = "3";
            return Upstream.WriteAsync(context, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", contentType: "application/json");
        });
        using var handler = new ProviderErrorHandler(new SocketsHttpHandler());
        using var http = new HttpClient(handler);
        using var body = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");

        var thrown = await Assert.ThrowsAsync<StreamErrorException>(() => http.PostAsync(upstream.BaseAddress, body));

        Assert.Equal(new StreamError(StreamErrorCodes.Overloaded, "Overloaded", Temporary: true, TimeSpan.FromSeconds(3)), thrown.Error);
    }

    private static async Task CollectAsync(OpenAICompatibleChatClient client, List<string> texts)
    {
        await foreach (StreamEvent item in client.StreamEventsAsync(Hello))
        {
            if (item.Type == StreamEventType.TextDelta)
            {
                texts.Add(item.Text.ToString());
            }
        }
    }
}
