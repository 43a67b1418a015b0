using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Gai.Pipelines.Benchmarks.Compression;

/// <summary>A stream of the sample: how it is asked for, and the bytes between two of its frames.</summary>
internal sealed record RealStream(string Name, string Path, string? Accept, string? Body, string Separator)
{
    private const string Sse = "\n\n";
    private const string Records = "\n";
    private const string Question = "tell me a story";

    public static IReadOnlyList<RealStream> All { get; } =
    [
        new("gai, SSE", $"/chat?q={Uri.EscapeDataString(Question)}", "text/event-stream", null, Sse),
        new("gai, NDJSON", $"/chat?q={Uri.EscapeDataString(Question)}", "application/x-ndjson", null, Records),
        new("gai.events.v1, SSE", $"/v1/events?q={Uri.EscapeDataString(Question)}", "text/event-stream", null, Sse),
        new("OpenAI chat completions", "/v1/chat/completions", null, $$"""{"model":"m","stream":true,"messages":[{"role":"user","content":"{{Question}}"}]}""", Sse),
        new("OpenAI legacy completions", "/v1/completions", null, $$"""{"model":"m","stream":true,"prompt":"{{Question}}","max_tokens":1000}""", Sse),
        new("OpenAI Responses", "/v1/responses", null, $$"""{"model":"m","stream":true,"input":"{{Question}}"}""", Sse),
        new("Anthropic messages", "/v1/messages", null, $$"""{"model":"m","stream":true,"max_tokens":1000,"messages":[{"role":"user","content":"{{Question}}"}]}""", Sse),
        new("Ollama chat", "/ollama/api/chat", null, $$"""{"model":"m","messages":[{"role":"user","content":"{{Question}}"}]}""", Records),
        new("Ollama generate", "/ollama/api/generate", null, $$"""{"model":"m","prompt":"{{Question}}"}""", Records),
        new("AI SDK UI messages", "/ui/api/chat", null,
            $$"""{"id":"c","trigger":"submit-message","messages":[{"id":"m","role":"user","parts":[{"type":"text","text":"{{Question}}"}]}]}""", Sse),
        new("ticks, SSE", "/ticks?count=300&intervalMs=5", "text/event-stream", null, Sse),
    ];

    /// <summary>Reads the stream as it is on the wire.</summary>
    /// <exception cref="InvalidOperationException">It is not in that coding.</exception>
    public async Task<byte[]> ReadAsync(HttpClient client, string coding)
    {
        using var request = new HttpRequestMessage(Body is null ? HttpMethod.Get : HttpMethod.Post, Path) { Version = HttpVersion.Version11 };
        request.Headers.AcceptEncoding.ParseAdd(coding);
        if (Accept is not null)
        {
            request.Headers.Accept.ParseAdd(Accept);
        }

        if (Body is not null)
        {
            request.Content = new StringContent(Body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }

        using HttpResponseMessage response = await client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        string got = response.Content.Headers.ContentEncoding.FirstOrDefault() ?? "identity";
        return got == coding
            ? await response.Content.ReadAsByteArrayAsync()
            : throw new InvalidOperationException($"{Path} came as {got}, not as {coding}.");
    }

    public static byte[] Decompress(byte[] wire, string coding)
    {
        var bytes = new MemoryStream(wire);
        using Stream plain = coding == "br" ? new BrotliStream(bytes, CompressionMode.Decompress) : new GZipStream(bytes, CompressionMode.Decompress);
        var all = new MemoryStream();
        plain.CopyTo(all);
        return all.ToArray();
    }

    /// <summary>Cuts a stream into its frames.</summary>
    public byte[][] Frames(byte[] plain)
    {
        byte[] separator = Encoding.ASCII.GetBytes(Separator);
        var frames = new List<byte[]>();
        ReadOnlySpan<byte> rest = plain;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf(separator);
            int length = end < 0 ? rest.Length : end + separator.Length;
            frames.Add(rest[..length].ToArray());
            rest = rest[length..];
        }

        return [.. frames];
    }
}
