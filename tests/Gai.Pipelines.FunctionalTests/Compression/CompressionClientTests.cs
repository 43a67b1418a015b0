using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Gai.Pipelines.FunctionalTests.Conformance;
using Gai.Pipelines.FunctionalTests.Sample;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Compression;

/// <summary>Clients that are not ours read compressed streams event by event: each event is given when the one before it has been read.</summary>
public sealed class CompressionClientTests
{
    private const int Events = 30;

    private const string EchoText = "Čao! 🌍 \"quotes\" \\ {} [DONE] data: x";

    private readonly ConcurrentQueue<string?> _codings = new();

    [Theory]
    [InlineData("1.1", StreamCompression.Gzip, "text/event-stream")]
    [InlineData("2", StreamCompression.Gzip, "application/x-ndjson")]
    [InlineData("1.1", StreamCompression.Brotli, "application/x-ndjson")]
    [InlineData("2", StreamCompression.Brotli, "text/event-stream")]
    public async Task Curl_EachEvent_IsPrintedBeforeTheNextIsSent(string version, StreamCompression compression, string accept)
    {
        await using CompressionServer server = await StartAsync(compression);
        using var curl = new Process();
        curl.StartInfo = new ProcessStartInfo("curl") { RedirectStandardOutput = true };
        foreach (string argument in (string[])["-sN", "--compressed", version == "2" ? "--http2-prior-knowledge" : "--http1.1", "-H", $"Accept: {accept}", $"{server.Server.Client(version).BaseAddress}gated"])
        {
            curl.StartInfo.ArgumentList.Add(argument);
        }

        curl.Start();
        server.Ticks.Writer.TryWrite(new Tick(1));
        for (int n = 1; n <= Events; n++)
        {
            Assert.Equal((accept == "text/event-stream" ? "data: " : "") + $"{{\"n\":{n}}}", await ReadLineAsync(curl));
            server.Ticks.Writer.TryWrite(new Tick(n + 1));
        }

        server.Ticks.Writer.Complete();
        await curl.WaitForExitAsync().OrFail("curl ends");
        Assert.Equal(0, curl.ExitCode);
        AssertCoding(compression);
    }

    [Theory]
    [InlineData(StreamCompression.Gzip, "text/event-stream")]
    [InlineData(StreamCompression.Gzip, "application/x-ndjson")]
    [InlineData(StreamCompression.Brotli, "text/event-stream")]
    [InlineData(StreamCompression.Brotli, "application/x-ndjson")]
    public async Task NodeFetch_EachEvent_IsReadBeforeTheNextIsSent(StreamCompression compression, string accept)
    {
        await using CompressionServer server = await StartAsync(compression);

        string[] numbers = await NodeClients.RunAsync(
            "event-by-event.mjs", [$"{server.Server.Client("1.1").BaseAddress}", accept, compression == StreamCompression.Gzip ? "gzip" : "br", $"{Events}"]);

        Assert.Equal(Enumerable.Range(1, Events).Select(n => n.ToString(CultureInfo.InvariantCulture)), numbers);
        AssertCoding(compression);
    }

    /// <summary>The first event is given when the browser says that the stream is open: it must not wait for bytes of the body to say so.</summary>
    [Theory]
    [InlineData(StreamCompression.Gzip)]
    [InlineData(StreamCompression.Brotli)]
    public async Task EventSource_EachEvent_ReachesThePageBeforeTheNextIsSent(StreamCompression compression)
    {
        await using CompressionServer server = await StartAsync(compression);
        using var browser = new Browser(new Uri(server.Server.Client("1.1").BaseAddress!, "page"));

        browser.WaitUntil(() => browser.Title == "done", () => $"the page says \"{browser.Title}\"");

        Assert.Equal(string.Join(' ', Enumerable.Range(1, Events)), browser.Text);
        AssertCoding(compression);
    }

    /// <summary>Real clients of the dialects, one each: fetch, which they use, asks for gzip.</summary>
    [Theory]
    [InlineData("openai-7-chat")]
    [InlineData("openai-7-completions")]
    [InlineData("openai-7-responses")]
    [InlineData("anthropic-1")]
    [InlineData("ollama-0-chat")]
    [InlineData("ollama-0-generate")]
    [InlineData("ai-7-ui")]
    public async Task Ask_VendorsClient_GetsTheWholeText(string client)
    {
        await using CompressionServer server = await StartAsync(CompressionServer.Both);
        var plan = new Plan(server.Server.Client("1.1").BaseAddress!.ToString().TrimEnd('/'), client, [new Ask("text", "/echo " + EchoText)]);

        string line = Assert.Single(await NodeClients.RunAsync("conformance.mjs", [JsonSerializer.Serialize(plan, ConformanceJson.Default.Plan)]));

        Seen seen = JsonSerializer.Deserialize(line, ConformanceJson.Default.Seen)!;
        Assert.Null(seen.Error);
        Assert.Equal(EchoText, seen.Text);
        AssertCoding(StreamCompression.Gzip);
    }

    private static Task<string?> ReadLineAsync(Process curl) => ReadNonEmptyLineAsync(curl).OrFail("a line of curl");

    private static async Task<string?> ReadNonEmptyLineAsync(Process curl)
    {
        string? line;
        do
        {
            line = await curl.StandardOutput.ReadLineAsync();
        }
        while (line == "");
        return line;
    }

    private void AssertCoding(StreamCompression compression) => Assert.Equal(compression == StreamCompression.Brotli ? "br" : "gzip", Assert.Single(_codings));

    private Task<CompressionServer> StartAsync(StreamCompression compression)
    {
        CompressionServer? made = null;
        return StartedAsync();

        async Task<CompressionServer> StartedAsync() => made = await CompressionServer.StartAsync(
            compression,
            all => all.CommitWindow = TimeSpan.Zero,
            services => services.AddModel(new ConfigurationBuilder().AddInMemoryCollection([new("Model:TokensPerSecond", "0")]).Build().GetSection("Model")),
            before: app => app.Use((context, next) =>
            {
                // With the head: a client may have seen all of a response before what stands behind it runs.
                context.Response.OnStarting(() =>
                {
                    if (context.Response.ContentType is "text/event-stream" or "application/x-ndjson")
                    {
                        _codings.Enqueue(context.Response.Headers.ContentEncoding);
                    }

                    return Task.CompletedTask;
                });
                return next(context);
            }),
            map: app =>
            {
                app.MapGet("/gated", () => TypedResults.Extensions.EventStream(made!.Ticks.Reader));
                app.MapPost("/next", (int n) =>
                {
                    if (n > Events)
                    {
                        made!.Ticks.Writer.Complete();
                    }
                    else
                    {
                        made!.Ticks.Writer.TryWrite(new Tick(n));
                    }
                });
                app.MapGet("/page", () => TypedResults.Content(Page, "text/html"));
                app.MapOpenAIChatCompletions("/v1/chat/completions");
                app.MapOpenAICompletions("/v1/completions");
                app.MapOpenAIResponses("/v1/responses");
                app.MapAnthropicMessages("/v1/messages");
                app.MapOllamaChat("/ollama/api/chat");
                app.MapOllamaGenerate("/ollama/api/generate");
                app.MapAISdkChat("/ui/api/chat");
            });
    }

    private static string Page => $$"""
        <!DOCTYPE html><title>waits</title><link rel="icon" href="data:,"><p></p>
        <script>
          const source = new EventSource('/gated');
          const next = n => fetch('/next?n=' + n, { method: 'POST' });
          source.onopen = () => next(1);
          source.onmessage = event => {
            const { n } = JSON.parse(event.data);
            document.querySelector('p').append((n > 1 ? ' ' : '') + n);
            if (n === {{Events}}) { source.close(); next(n + 1).then(() => document.title = 'done'); } else next(n + 1);
          };
          source.onerror = () => document.title = 'failed';
        </script>
        """;
}
