using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests.Requests;

/// <summary>A request body that a handler reads as records.</summary>
public sealed class NdjsonBodyTests
{
    public static TheoryData<string> Versions => ["1.1", "2"];

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("application/x-ndjson; charset=utf-16")]
    [InlineData(null)]
    public async Task BindAsync_OtherContentType_Gets415(string? type)
    {
        await using TestServer server = await StartAsync();

        foreach (string path in (string[])["/echo", "/count"])
        {
            Answer answer = await server.SendAsync(Post(path, "{\"n\":1}\n", type));

            Assert.Equal(415, answer.Status);
        }
    }

    [Theory]
    [InlineData("application/x-ndjson; charset=utf-16")]
    [InlineData(null)]
    public async Task BindAsync_ContentTypeThatRoutingLetsPass_Gets415ThatSaysWhy(string? type)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.SendAsync(Post("/echo", "{\"n\":1}\n", type));

        Assert.Equal(415, answer.Status);
        Assert.Contains("application/x-ndjson", answer.Body, StringComparison.Ordinal);
        Assert.Contains(type ?? "missing", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/x-ndjson")]
    [InlineData("application/x-ndjson; charset=utf-8")]
    [InlineData("application/x-ndjson; charset=\"UTF-8\"")]
    [InlineData("Application/JSONL")]
    public async Task BindAsync_Ndjson_IsRead(string type)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.SendAsync(Post("/echo", "{\"n\":1}\r\n\n{\"n\":2}", type));

        Assert.Equal((200, "{\"n\":1}\n{\"n\":2}\n"), (answer.Status, answer.Body));
    }

    /// <summary>The producer would read it when the request is over, and with it perhaps that of the next one.</summary>
    [Fact]
    public async Task BindAsync_ResumableEndpoint_IsRefusedWithTheReason()
    {
        await using TestServer server = await StartAsync(map: app => app.MapPost("/resumable", (NdjsonBody<Tick> ticks) => TypedResults.Extensions.EventStream(ticks)).Resumable());

        Answer answer = await server.SendAsync(Post("/resumable", "{\"n\":1}\n"));

        Assert.Equal((500, "application/problem+json"), (answer.Status, answer.ContentType));
        Assert.Contains("NdjsonBody cannot be its source", Assert.Single(server.Logs.WarningsAndErrors).Exception?.Message, StringComparison.Ordinal);
        await server.IsIdleAsync();
    }

    [Theory]
    [InlineData("{\"n\":1}\n{\"n\":}\n", "record 2 (byte 8)")]
    [InlineData("{\"n\":1}\n{\"n\":\"x\"}\n", "record 2 (byte 8)")]
    [InlineData("{\"n\":1}\nnull\n", "record 2")]
    [InlineData("{\"n\":1}\n{\"n\":", "record 2 (byte 8)")]
    public async Task Enumerate_BadRecordBeforeTheHead_Gets400WithItsNumber(string body, string where)
    {
        // The first record is held back: the head has nothing to go out with.
        await using TestServer server = await StartAsync(map: app => app.MapPost("/last", (NdjsonBody<Tick> ticks) => TypedResults.Extensions.EventStream(LastAsync(ticks)))
            .WithEventStreamOptions(options => options.CommitWindow = Timeout.InfiniteTimeSpan));

        Answer answer = await server.SendAsync(Post("/last", body));

        Assert.Equal((400, "application/problem+json"), (answer.Status, answer.ContentType));
        Assert.Contains(where, answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(server.Logs.WarningsAndErrors, entry => entry.Level >= LogLevel.Error);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Enumerate_BadRecordAfterTheHead_IsAnErrorRecordInGai(string version)
    {
        await using TestServer server = await StartAsync(map: app => app.MapPost("/gai", (NdjsonBody<Tick> ticks) => TypedResults.Extensions.EventStream(TextsAsync(ticks))));
        using Duplex duplex = await Duplex.OpenAsync(server, "/gai", version);
        await duplex.WriteAsync("{\"n\":1}\n");
        await duplex.ReadThroughAsync("\"text\":\"1\"");

        await duplex.WriteAsync("{\"n\":oops}\n");
        await duplex.EndAsync();
        string all = await duplex.ReadThroughAsync("record 2 (byte 8)");

        Assert.Contains("\"type\":\"error\"", all, StringComparison.Ordinal);
        Assert.DoesNotContain("done", all, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Enumerate_BadRecordAfterTheHead_BreaksAPlainStream(string version)
    {
        await using TestServer server = await StartAsync();
        using Duplex duplex = await Duplex.OpenAsync(server, "/echo", version);
        await duplex.WriteAsync("{\"n\":1}\n");
        string before = await duplex.ReadThroughAsync("{\"n\":1}\n");

        await duplex.WriteAsync("{\"n\":oops}\n");
        await duplex.EndAsync();

        Assert.Equal(before.TrimEnd(), (await duplex.ReadBrokenRestAsync()).TrimEnd());
    }

    [Fact]
    public async Task Enumerate_Twice_ThrowsWithTheReason()
    {
        Exception? failure = null;
        await using TestServer server = await StartAsync(map: app => app.MapPost("/twice", async (NdjsonBody<Tick> ticks) =>
        {
            int count = await CountAsync(ticks);
            failure = await Record.ExceptionAsync(() => CountAsync(ticks));
            return count;
        }));

        Answer answer = await server.SendAsync(Post("/twice", "{\"n\":1}\n"));

        Assert.Equal((200, "1"), (answer.Status, answer.Body));
        Assert.Contains("once", Assert.IsType<InvalidOperationException>(failure).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Enumerate_LeftInTheMiddle_AnswersAndTheConnectionServesOn(string version)
    {
        await using TestServer server = await StartAsync(map: app => app.MapPost("/first", async (NdjsonBody<Tick> ticks) =>
        {
            await foreach (Tick tick in ticks)
            {
                return tick.N;
            }

            return 0;
        }));

        for (int round = 0; round < 3; round++)
        {
            Answer answer = await server.SendAsync(Post("/first", "{\"n\":7}\n{\"n\":8}\n{\"n\":\n"), version);
            Assert.Equal((200, "7"), (answer.Status, answer.Body));
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Enumerate_BodyOverTheLimit_Gets413(string version)
    {
        await using TestServer server = await StartAsync(options => options.MaxRequestBodyBytes = 100);

        Answer exact = await server.SendAsync(Post("/count", Padded(100)), version);
        Answer over = await server.SendAsync(Post("/sum", Padded(101)), version);

        Assert.Equal((200, "1"), (exact.Status, exact.Body));
        Assert.Equal(413, over.Status);
        Assert.Contains("100", over.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enumerate_RecordOverTheLimit_Gets400ThatSaysWhichLimit()
    {
        await using TestServer server = await StartAsync(options => options.MaxRequestRecordBytes = 64);

        Answer answer = await server.SendAsync(Post("/sum", "{\"n\":1}\n" + Padded(66)));

        Assert.Equal(400, answer.Status);
        Assert.Contains("record 2 (byte 8): it has more than 64 bytes", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Enumerate_SilentClientBeforeTheHead_Gets408AfterTheIdleTimeout(string version)
    {
        var time = new ManualTimeProvider();
        await using TestServer server = await StartAsync(options => options.CommitWindow = Timeout.InfiniteTimeSpan, services: services => services.AddSingleton<TimeProvider>(time));
        using Duplex duplex = await Duplex.OpenAsync(server, "/sum", version);
        await duplex.WriteAsync("{\"n\":1}\n");

        // The server may have begun to wait before the record came, and begins anew behind it.
        Task<string> answer = duplex.ReadThroughAsync("nothing for 00:02:00");
        await Deadline.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromMinutes(2));
            return answer.IsCompleted;
        });

        Assert.Contains(" 408", await answer, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Enumerate_SilentClientAfterTheHead_GetsAnErrorRecord(string version)
    {
        var time = new ManualTimeProvider();
        await using TestServer server = await StartAsync(
            services: services => services.AddSingleton<TimeProvider>(time),
            map: app => app.MapPost("/gai", (NdjsonBody<Tick> ticks) => TypedResults.Extensions.EventStream(TextsAsync(ticks))));
        using Duplex duplex = await Duplex.OpenAsync(server, "/gai", version);
        await duplex.WriteAsync("{\"n\":1}\n");
        await duplex.ReadThroughAsync("\"text\":\"1\"");

        await time.WaitForTimerAsync(TimeSpan.FromMinutes(2));
        time.Advance(TimeSpan.FromMinutes(2));
        string error = await duplex.ReadThroughAsync("nothing for 00:02:00");

        Assert.Contains("\"type\":\"error\"", error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Enumerate_ClientLeavesMidBody_EndsTheStreamAndIsNoFailure(string version)
    {
        await using TestServer server = await StartAsync();
        using Duplex duplex = await Duplex.OpenAsync(server, "/echo", version);
        await duplex.WriteAsync("{\"n\":1}\n");
        await duplex.ReadThroughAsync("{\"n\":1}\n");

        duplex.Leave();

        await server.IsIdleAsync();
        Assert.DoesNotContain(server.Logs.WarningsAndErrors, entry => entry.Level >= LogLevel.Error);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task BindAsync_Always_LiftsTheServersRateAndSetsTheSize(string version)
    {
        // A client that is silent for longer than the grace would be cut; HTTP/2 does not let the rate be asked for in public.
        var lifted = new List<object?>();
        await using TestServer server = await StartAsync(
            map: app =>
            {
                app.MapPost("/rows", (NdjsonBody<Tick> ticks, HttpContext context) => lifted.Add(RateOf(context)));
                app.MapPost("/other", (HttpContext context) => lifted.Add(RateOf(context)));
            },
            kestrel: kestrel => kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(1_000_000, TimeSpan.FromSeconds(1.1)));

        await server.SendAsync(Post("/other", "{\"n\":1}\n"), version);
        await server.SendAsync(Post("/rows", "{\"n\":1}\n"), version);

        Assert.Equal(1_000_000, Assert.IsType<MinDataRate>(lifted[0]).BytesPerSecond);
        Assert.Null(lifted[1]);

        static object? RateOf(HttpContext context)
        {
            IHttpMinRequestBodyDataRateFeature feature = context.Features.GetRequiredFeature<IHttpMinRequestBodyDataRateFeature>();
            return feature.GetType().GetProperty("MinRequestBodyDataRate")!.GetValue(feature);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Enumerate_HandlerDoesNotRead_StopsTheClient(string version)
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = await StartAsync(map: app => app.MapPost("/slow", (NdjsonBody<Tick> ticks) => TypedResults.Extensions.EventStream(AfterAsync(go.Task, ticks))));
        var body = new RecordsContent();
        byte[] records = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("{\"n\":1}\n", 8 * 1024)));
        Task<HttpResponseMessage> answer = server.Client(version).SendAsync(Request("/slow", body, version), HttpCompletionOption.ResponseHeadersRead);
        int written = 0;
        var writing = Task.Run(async () =>
        {
            for (; written < 1_000; written++)
            {
                await body.WriteAsync(records);
            }

            body.End();
        });

        int held = await Eventually.StandsStillAsync(() => written);
        Assert.True(held < 1_000, "64 MB went to a handler that reads nothing");

        go.SetResult();
        using HttpResponseMessage response = await answer.OrFail();
        Assert.Equal($"{{\"n\":{1_000 * 8 * 1024}}}\n", await response.Content.ReadAsStringAsync().OrFail());
        await writing.OrFail();
    }

    private static async Task<TestServer> StartAsync(
        Action<EventStreamOptions>? options = null,
        Action<WebApplication>? map = null,
        Action<IServiceCollection>? services = null,
        Action<KestrelServerOptions>? kestrel = null) => await TestServer.StartAsync(
            app =>
            {
                app.MapPost("/echo", (NdjsonBody<Tick> ticks) => TypedResults.Extensions.EventStream(ticks));
                app.MapPost("/sum", (NdjsonBody<Tick> ticks) => TypedResults.Extensions.EventStream(SumAsync(ticks)));
                app.MapPost("/count", (NdjsonBody<Tick> ticks) => CountAsync(ticks));
                map?.Invoke(app);
            },
            all =>
            {
                all.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, TestJson.Default));
                services?.Invoke(all);
            },
            options,
            kestrel: kestrel);

    private static HttpRequestMessage Post(string path, string body, string? type = "application/x-ndjson")
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        if (type is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        return new HttpRequestMessage(HttpMethod.Post, path) { Content = content, Headers = { { "Accept", "application/x-ndjson" } } };
    }

    private static HttpRequestMessage Request(string path, HttpContent body, string version) => new(HttpMethod.Post, path)
    {
        Content = body,
        Headers = { { "Accept", "application/x-ndjson" } },
        Version = version == "2" ? HttpVersion.Version20 : HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>One record with its line end, of so many bytes.</summary>
    private static string Padded(int bytes) => "{\"n\":1}".PadRight(bytes - 1) + "\n";

    private static async IAsyncEnumerable<Tick> LastAsync(IAsyncEnumerable<Tick> ticks, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var last = new Tick(0);
        await foreach (Tick tick in ticks.WithCancellation(cancellationToken))
        {
            last = tick;
        }

        yield return last;
    }

    private static async IAsyncEnumerable<Tick> SumAsync(IAsyncEnumerable<Tick> ticks, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        int sum = 0;
        await foreach (Tick tick in ticks.WithCancellation(cancellationToken))
        {
            sum += tick.N;
        }

        yield return new Tick(sum);
    }

    private static async IAsyncEnumerable<Tick> AfterAsync(Task go, IAsyncEnumerable<Tick> ticks, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await go.WaitAsync(cancellationToken);
        await foreach (Tick sum in SumAsync(ticks, cancellationToken))
        {
            yield return sum;
        }
    }

    private static async IAsyncEnumerable<StreamEvent> TextsAsync(IAsyncEnumerable<Tick> ticks, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (Tick tick in ticks.WithCancellation(cancellationToken))
        {
            yield return StreamEvent.TextDelta(tick.N.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    private static async Task<int> CountAsync(IAsyncEnumerable<Tick> ticks)
    {
        int count = 0;
        await foreach (Tick _ in ticks)
        {
            count++;
        }

        return count;
    }
}
