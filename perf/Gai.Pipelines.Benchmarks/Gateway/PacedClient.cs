using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace Gai.Pipelines.Benchmarks.Gateway;

/// <summary>Reads paced streams, and tells how long each piece of text was on its way.</summary>
internal static class PacedClient
{
    private const string Body = "{\"model\":\"paced\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Go\"}]}";

    /// <summary>Reads streams at the same time.</summary>
    /// <returns>The milliseconds of every event.</returns>
    public static async Task<double[]> ReadAsync(Uri server, int streams, int events)
    {
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = streams };
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromMinutes(5) };
        double[][] latencies = await Task.WhenAll(Enumerable.Range(0, streams).Select(_ => Task.Run(() => ReadOneAsync(client, server, events))));
        return [.. latencies.SelectMany(static one => one)];
    }

    private static async Task<double[]> ReadOneAsync(HttpClient client, Uri server, int events)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, "/v1/chat/completions"))
        {
            Version = HttpVersion.Version11,
            Content = new StringContent(Body, Encoding.UTF8, "application/json"),
        };
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        var latencies = new List<double>(events);
        bool isDone = false;
        while (await lines.ReadLineAsync() is { } line)
        {
            long now = Stopwatch.GetTimestamp();
            int at = line.IndexOf('@', StringComparison.Ordinal);
            if (at >= 0)
            {
                int end = line.IndexOf('"', at);
                long sent = long.Parse(line.AsSpan(at + 1, end - at - 1), NumberStyles.None, CultureInfo.InvariantCulture);
                latencies.Add(Stopwatch.GetElapsedTime(sent, now).TotalMilliseconds);
            }

            isDone |= line == "data: [DONE]";
        }

        return latencies.Count == events && isDone
            ? [.. latencies]
            : throw new InvalidOperationException($"{server} sent {latencies.Count} events of {events}{(isDone ? string.Empty : " and no end")}.");
    }
}
