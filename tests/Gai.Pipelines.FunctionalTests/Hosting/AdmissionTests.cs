using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using Gai.Pipelines.AI;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>Limits of open streams: who comes too late is refused before its source starts.</summary>
public sealed class AdmissionTests : IDisposable
{
    private readonly Watched _watched = new();
    private readonly ConcurrentQueue<StreamOutcome> _outcomes = new();
    private readonly Barrier _bothAreIn = new(2);

    [Theory]
    [InlineData("total", 503, "overloaded")]
    [InlineData("endpoint", 503, "overloaded")]
    [InlineData("client", 429, "rate_limited")]
    public async Task Open_OneMoreThanTheLimit_IsRefusedUntilAPlaceIsFree(string limit, int status, string code)
    {
        await using TestServer server = await StartAsync(options => Set(options, limit, 1));
        using (OpenStream held = await server.OpenAsync("/held"))
        {
            await held.ReadEventAsync();

            foreach (string accept in (string[])["text/event-stream", "application/x-ndjson", "application/json"])
            {
                Answer refused = await server.GetAsync("/held", accept);
                Assert.Equal((status, code), (refused.Status, refused.Json.GetProperty("code").GetString()));
                Assert.InRange(int.Parse(refused.Headers["retry-after"], CultureInfo.InvariantCulture), 2, 5);
                Assert.False(refused.Headers.ContainsKey("x-accel-buffering"));
            }

            Assert.Equal(limit == "endpoint" ? 200 : status, (await server.GetAsync("/ok")).Status);
            Assert.Equal([StreamOutcomeReason.Refused, StreamOutcomeReason.Refused, StreamOutcomeReason.Refused], _outcomes.Select(outcome => outcome.Reason));
        }

        await _watched.Disposed;
        await server.IsIdleAsync();
        await Eventually.IsTrueAsync(() => _outcomes.Count == 4, () => "OnClosed is not called");
        Assert.Equal(200, (await server.GetAsync("/ok")).Status);
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    /// <summary>However a stream ends, it leaves exactly one place: after it one stream may begin, and not two.</summary>
    [Theory]
    [InlineData("/ok", "text/event-stream")]
    [InlineData("/ok", "application/json")]
    [InlineData("/ok", "image/png")]
    [InlineData("/before", "text/event-stream")]
    [InlineData("/before", "application/json")]
    [InlineData("/after", "text/event-stream")]
    [InlineData("/gai-after", "text/event-stream")]
    [InlineData("/long", "application/json")]
    [InlineData("/resumable-ok", "text/event-stream")]
    [InlineData("/resumable-ok", "image/png")]
    [InlineData("/resumable-before", "text/event-stream")]
    [InlineData("/resumable-no-dialect", "text/event-stream")]
    public async Task End_AnyWay_LeavesItsPlaceOnce(string path, string accept)
    {
        await using TestServer server = await StartAsync(options => (options.MaxStreams, options.MaxStreamsPerClient, options.MaxStreamsPerEndpoint) = (1, 1, 1));
        for (int i = 0; i < 3; i++)
        {
            using OpenStream stream = await server.OpenAsync(path, accept);
            await Record.ExceptionAsync(stream.ReadRestAsync);
            Assert.NotEqual(429, (int)stream.Response.StatusCode);
            Assert.NotEqual(503, (int)stream.Response.StatusCode);

            // The end of the body is sent before the place is left.
            await PlacesAreFreeAsync(server, 1);
        }

        using OpenStream held = await server.OpenAsync("/held");
        Assert.Equal(200, (int)held.Response.StatusCode);
        Assert.Equal(503, (await server.GetAsync("/ok")).Status);
    }

    [Fact]
    public async Task Open_KeyOfAClientThrows_Gets500AndTheSourceIsClosed()
    {
        await using TestServer server = await StartAsync(options =>
        {
            options.MaxStreamsPerClient = 1;
            options.ClientKey = static _ => throw new InvalidOperationException("secret");
        });

        Answer answer = await server.GetAsync("/held");

        Assert.Equal(500, answer.Status);
        Assert.DoesNotContain("secret", answer.Body, StringComparison.Ordinal);
        Assert.Equal(StreamOutcomeReason.SourceFailed, Assert.Single(_outcomes).Reason);
    }

    /// <summary>A producer outlives its response: one that began for a response that is refused would run on, and nobody would read it.</summary>
    [Theory]
    [InlineData("total", 503)]
    [InlineData("endpoint", 503)]
    [InlineData("client", 429)]
    public async Task Open_NoPlaceForAResumableStream_IsRefusedAndNothingIsProduced(string limit, int status)
    {
        await using TestServer server = await StartAsync(options => Set(options, limit, 1));
        using OpenStream held = await server.OpenAsync("/resumable-held");
        await held.ReadEventAsync();

        Answer refused = await server.GetAsync("/resumable-held");

        Assert.Equal(status, refused.Status);
        Assert.True(refused.Headers.ContainsKey("retry-after"));
        Assert.Equal(1, ((StreamLogs)server.App.Services.GetService(typeof(StreamLogs))!).Count);
        Assert.Equal(1, _watched.Starts);
        Assert.Equal(StreamOutcomeReason.Refused, Assert.Single(_outcomes).Reason);
    }

    [Fact]
    public async Task Open_KeyOfAClientThrowsAtAResumableStream_Gets500AndNothingIsProduced()
    {
        await using TestServer server = await StartAsync(options =>
        {
            options.MaxStreamsPerClient = 1;
            options.ClientKey = static _ => throw new InvalidOperationException("secret");
        });

        Answer answer = await server.GetAsync("/resumable-held");

        Assert.Equal(500, answer.Status);
        Assert.Equal(0, ((StreamLogs)server.App.Services.GetService(typeof(StreamLogs))!).Count);
        Assert.Equal(0, _watched.Starts);
        Assert.Equal(StreamOutcomeReason.SourceFailed, Assert.Single(_outcomes).Reason);
    }

    [Fact]
    public async Task Open_TwoAtOnceWithOneKey_EachTakesOnePlaceAndLeavesIt()
    {
        await using TestServer server = await StartAsync(options => options.MaxStreams = 2);
        for (int i = 0; i < 2; i++)
        {
            Answer[] answers = await Task.WhenAll(server.GetAsync($"/resumable-both/{i}"), server.GetAsync($"/resumable-both/{i}"));
            Assert.Equal([200, 200], answers.Select(answer => answer.Status));
            Assert.Equal(answers[0].Body, answers[1].Body);
            await PlacesAreFreeAsync(server, 2);
        }
    }

    [Fact]
    public async Task Open_VendorsEndpointIsFull_IsRefusedInItsWords()
    {
        await using TestServer server = await StartAsync(options => options.MaxStreamsPerClient = 1);
        using OpenStream held = await server.OpenAsync("/held");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = JsonContent.Create(new { model = "m", stream = true, messages = new[] { new { role = "user", content = "Hi" } } }),
        };

        Answer refused = await server.SendAsync(request);

        Assert.Equal(429, refused.Status);
        Assert.Contains("as many streams open as a client may", refused.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.True(refused.Headers.ContainsKey("retry-after"));
    }

    public void Dispose() => _bothAreIn.Dispose();

    private static void Set(EventStreamOptions options, string limit, int value) => _ = limit switch
    {
        "total" => options.MaxStreams = value,
        "endpoint" => options.MaxStreamsPerEndpoint = value,
        _ => options.MaxStreamsPerClient = value,
    };

    private static async Task PlacesAreFreeAsync(TestServer server, int count)
    {
        // The logs of resumable streams stay, with an entry each in the scheduler.
        await Eventually.IsTrueAsync(() => server.Streams.Count == 0, () => $"{server.Streams.Count} streams are left");
        var admission = (StreamAdmission)server.App.Services.GetService(typeof(StreamAdmission))!;
        await Eventually.IsTrueAsync(
            () =>
            {
                Admission[] places = [.. Enumerable.Range(0, count).Select(_ => admission.Enter(new DefaultHttpContext(), null))];
                bool areFree = places.All(place => place.Refusal is null);
                Array.ForEach(places, place => place.Dispose());
                return areFree;
            },
            () => "no place is free");
    }

    private Task<TestServer> StartAsync(Action<EventStreamOptions> options) => TestServer.StartAsync(
        app =>
        {
            var failure = new InvalidOperationException("secret");
            app.MapGet("/held", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([new(1)]), new EventStreamResultOptions { OnClosed = _outcomes.Enqueue }));
            app.MapGet("/ok", () => TypedResults.Extensions.EventStream(Sources.Ticks(1)));
            app.MapGet("/long", () => TypedResults.Extensions.EventStream(Sources.Ticks(1000)));
            app.MapGet("/before", () => TypedResults.Extensions.EventStream(Sources.TicksThen(0, failure)));
            app.MapGet("/after", () => TypedResults.Extensions.EventStream(Sources.TicksThen(1, failure)));
            app.MapGet("/gai-after", () => TypedResults.Extensions.EventStream(Sources.TextsThen(failure, "Hi")));
            app.MapGet("/resumable-held", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([new(1)]), new EventStreamResultOptions { OnClosed = _outcomes.Enqueue })).Resumable();
            app.MapGet("/resumable-ok", () => TypedResults.Extensions.EventStream(Sources.Ticks(1))).Resumable();
            app.MapGet("/resumable-before", () => TypedResults.Extensions.EventStream(Sources.TicksThen(0, failure))).Resumable();
            app.MapGet("/resumable-no-dialect", () => TypedResults.Extensions.EventStream(
                StreamSource.From(Sources.Ticks(1)), new DialectFactory<Tick>(_ => throw failure, StreamFormat.ServerSentEvents))).Resumable();
            app.MapGet("/resumable-both/{key}", () =>
            {
                Assert.True(_bothAreIn.SignalAndWait(TimeSpan.FromSeconds(20)));
                return TypedResults.Extensions.EventStream(Sources.Ticks(1));
            }).Resumable(resumable => resumable.Key = context => (string?)context.Request.RouteValues["key"]);
            app.MapOpenAIChatCompletions("/v1/chat/completions", (_, _) => Sources.Texts("Hi"));
        },
        options: all =>
        {
            all.MaxDocumentBytes = 256;
            options(all);
        });
}
