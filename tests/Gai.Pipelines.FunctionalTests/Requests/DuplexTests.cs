using System.Net;
using System.Text;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Requests;

/// <summary>Records in, records out, both at once.</summary>
[Collection(nameof(WholeHeap))]
public sealed class DuplexTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Duplex_AHundredThousandRecordsEachWayOnHttp2_AnswersComeWhileTheRequestIsSentAndTheHeapStaysFlat()
    {
        const int Count = 100_000;
        const int Window = 64;
        await using TestServer server = await StartAsync();
        var body = new RecordsContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/double")
        {
            Content = body,
            Headers = { { "Accept", "application/x-ndjson" } },
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        Task<HttpResponseMessage> opening = server.Client("2").SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await body.WriteAsync("{\"n\":1}\n").OrFail();
        using HttpResponseMessage response = await opening.OrFail();
        await using Stream answers = await response.Content.ReadAsStreamAsync();
        IAsyncEnumerator<Tick?> reading = NdjsonReader.ReadAsync(answers, TestJson.Default.Tick).GetAsyncEnumerator();

        // Record k + 64 is not sent before answer k has come: nobody can have held anything back until the end.
        long heapAtFirst = 0;
        int sent = 1;
        for (int received = 1; received <= Count; received++)
        {
            var records = new StringBuilder();
            for (; sent < Math.Min(received - 1 + Window, Count); sent++)
            {
                records.Append("{\"n\":").Append(sent + 1).Append("}\n");
            }

            if (records.Length > 0)
            {
                await body.WriteAsync(records.ToString());
            }

            ValueTask<bool> next = reading.MoveNextAsync();
            Assert.True(next.IsCompletedSuccessfully ? await next : await next.AsTask().OrFail($"answer {received}"));
            Assert.Equal(2 * received, reading.Current!.N);
            if (received == Count / 4)
            {
                heapAtFirst = GC.GetTotalMemory(forceFullCollection: true);
            }
        }

        long heapAtLast = GC.GetTotalMemory(forceFullCollection: true);
        body.End();
        Assert.False(await reading.MoveNextAsync().AsTask().OrFail("the end"));
        await reading.DisposeAsync();
        output.WriteLine($"heap after {Count / 4:N0} records {heapAtFirst:N0} B, after {Count:N0} {heapAtLast:N0} B");
        Assert.True(heapAtLast < heapAtFirst + (2 * 1024 * 1024), $"The heap grew from {heapAtFirst:N0} to {heapAtLast:N0} B.");
    }

    [Fact]
    public async Task Duplex_OnHttp1_AnswersEachRecordBeforeTheNextIsSent()
    {
        const int Count = 1_000;
        await using TestServer server = await StartAsync();
        using Duplex duplex = await Duplex.OpenAsync(server, "/double", "1.1");

        for (int n = 1; n <= Count; n++)
        {
            await duplex.WriteAsync($"{{\"n\":{n}}}\n");
            await duplex.ReadThroughAsync($"{{\"n\":{2 * n}}}\n");
        }

        await duplex.EndAsync();
        string all = await duplex.ReadThroughAsync("\r\n0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK", all, StringComparison.Ordinal);
        Assert.Equal(
            Enumerable.Range(1, Count).Select(n => $"{{\"n\":{2 * n}}}"),
            all.Split('\n').Where(line => line.StartsWith('{')));
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(
        app => app.MapPost("/double", (NdjsonBody<Tick> ticks) => TypedResults.Extensions.EventStream(DoubleAsync(ticks))),
        services => services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, TestJson.Default)));

    private static async IAsyncEnumerable<Tick> DoubleAsync(NdjsonBody<Tick> ticks)
    {
        await foreach (Tick tick in ticks)
        {
            yield return new Tick(2 * tick.N);
        }
    }
}
