using System.Globalization;
using System.Text.Json;

namespace Gai.Pipelines.FunctionalTests.Nodes;

/// <summary>A client of a node, which remembers what it has read.</summary>
internal sealed class NodeReader : IDisposable
{
    private static readonly HttpClient Http = new() { Timeout = Timeout.InfiniteTimeSpan };

    private readonly OpenStream _stream;

    private NodeReader(OpenStream stream) => _stream = stream;

    public List<int> Numbers { get; } = [];

    /// <summary>Gets who produced what it has read: a process, and which of its streams it was.</summary>
    public HashSet<(int Process, int Run)> Runs { get; } = [];

    public string? LastId { get; private set; }

    /// <summary>Gets the code of the error that it was told.</summary>
    public string? Error { get; private set; }

    /// <summary>Gets whether the response ended as HTTP prescribes.</summary>
    public bool? EndedWell { get; private set; }

    public static async Task<NodeReader> OpenAsync(int port, string path, string? lastEventId = null, string? accept = null)
    {
        HttpRequestMessage request = TestServer.Get(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}{path}"), accept, lastEventId);
        OpenStream stream = await OpenStream.OpenAsync(Http, request);
        Assert.Equal(System.Net.HttpStatusCode.OK, stream.Response.StatusCode);
        return new NodeReader(stream);
    }

    /// <summary>Reads until it has so many numbers.</summary>
    public async Task ReadAsync(int count)
    {
        while (Numbers.Count < count)
        {
            Assert.True(await ReadOneAsync(), $"The stream ended after {Numbers.Count} of {count} events, with the error {Error ?? "none"}.");
        }
    }

    /// <summary>Reads until the response ends, or its connection.</summary>
    public async Task ReadToEndAsync()
    {
        while (await ReadOneAsync())
        {
        }
    }

    public void Dispose() => _stream.Dispose();

    private async Task<bool> ReadOneAsync()
    {
        try
        {
            Take(await _stream.ReadEventAsync());
            return true;
        }
        catch (IOException end)
        {
            // The end of the body, or that of the connection.
            EndedWell = end is EndOfStreamException;
            return false;
        }
    }

    private void Take(string block)
    {
        string? name = null;
        foreach (string line in block.Split('\n'))
        {
            int at = line.IndexOf(": ", StringComparison.Ordinal);
            switch (at > 0 ? line[..at] : string.Empty)
            {
                case "id":
                    LastId = line[4..];
                    break;
                case "event":
                    name = line[7..];
                    break;
                case "data" when name == "gai.error":
                    Error = JsonDocument.Parse(line[6..]).RootElement.GetProperty("code").GetString();
                    break;
                case "data" when name == "gap":
                    Assert.Fail($"A gap, after {Numbers.Count} events: {line}");
                    break;
                case "data":
                    Take(JsonDocument.Parse(line[6..]).RootElement);
                    break;
            }
        }
    }

    private void Take(JsonElement data)
    {
        if (data.TryGetProperty("n", out JsonElement number))
        {
            Numbers.Add(number.GetInt32());
            Runs.Add((data.GetProperty("process").GetInt32(), data.GetProperty("run").GetInt32()));
        }
        else if (data.TryGetProperty("text", out JsonElement text))
        {
            Numbers.Add(int.Parse(text.GetString()!, CultureInfo.InvariantCulture));
        }
    }
}
