using System.Text.Json;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests.Resuming;

/// <summary>A client whose connection is cut at random, that comes back each time behind the last event it has seen whole, to whichever server.</summary>
internal sealed class CuttingClient(int seed, string path, params int[] ports)
{
    private readonly Random _random = new(seed);

    public List<int> Numbers { get; } = [];

    /// <summary>Gets the gaps that it was told of.</summary>
    public List<long> Gaps { get; } = [];

    /// <summary>Gets all that it has seen, in its order: a number, or how many were dropped.</summary>
    public List<(long Number, long Dropped)> Seen { get; } = [];

    public int Cuts { get; private set; }

    /// <summary>Gets how often a connection ended that it had not cut.</summary>
    public int Broken { get; private set; }

    public string? LastId { get; private set; }

    public Action? OnEvent { get; init; }

    /// <summary>Reads until the server says that there is no more.</summary>
    public async Task ReadAsync(string format, int cuts)
    {
        while (true)
        {
            int port = ports[_random.Next(ports.Length)];
            bool byHeader = format == "sse" && _random.Next(2) == 0;
            string query = LastId is null || byHeader ? string.Empty : $"{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}lastEventId={LastId}";
            string headers = $"Accept: {(format == "sse" ? "text/event-stream" : "application/x-ndjson")}\r\n{(byHeader && LastId is not null ? $"Last-Event-ID: {LastId}\r\n" : string.Empty)}";
            using RawClient client = await RawClient.GetAsync(port, path + query, headers);
            int until = Cuts < cuts ? _random.Next(1, 4_000) : int.MaxValue;
            int seen = 0;
            while (client.Body.End is null && client.Body.Length < until)
            {
                try
                {
                    if (!await client.ReadSomeAsync(_random.Next(1, 1024)))
                    {
                        break;
                    }
                }
                catch (Xunit.Sdk.XunitException) when (client.Body.Head.StartsWith("HTTP/1.1 204 ", StringComparison.Ordinal))
                {
                    // The server says that this was all.
                    return;
                }

                seen = Take(client.Body.Text, seen, format);
            }

            if (client.Body.End == "clean" && client.Body.Length < until)
            {
                return;
            }

            Broken += client.Body.Length < until ? 1 : 0;
            Cuts++;
            if (_random.Next(2) == 0)
            {
                client.Reset();
            }
        }
    }

    /// <summary>Takes what another client has read.</summary>
    public void TakeAll(string sse) => Take(sse, 0, "sse");

    private int Take(string text, int from, string format)
    {
        string separator = format == "sse" ? "\n\n" : "\n";
        while (text.IndexOf(separator, from, StringComparison.Ordinal) is >= 0 and var end)
        {
            string one = text[from..end];
            from = end + separator.Length;
            if (format == "sse")
            {
                TakeSse(one);
            }
            else
            {
                TakeRecord(one);
            }
        }

        return from;
    }

    private void TakeSse(string block)
    {
        string? data = null;
        bool isGap = false;
        foreach (string line in block.Split('\n'))
        {
            isGap |= line == "event: gap";
            LastId = line.StartsWith("id: ", StringComparison.Ordinal) ? line[4..] : LastId;
            data = line.StartsWith("data: ", StringComparison.Ordinal) ? line[6..] : data;
        }

        if (data is not null)
        {
            Take(JsonDocument.Parse(data).RootElement, isGap);
        }
    }

    private void TakeRecord(string line)
    {
        JsonElement record = JsonDocument.Parse(line).RootElement;
        LastId = record.GetProperty("event_id").GetString();
        Take(record, isGap: record.TryGetProperty("dropped", out _));
    }

    private void Take(JsonElement data, bool isGap)
    {
        if (isGap)
        {
            Gaps.Add(data.GetProperty("dropped").GetInt64());
            Seen.Add((0, Gaps[^1]));
            for (long i = 0; i < Gaps[^1]; i++)
            {
                OnEvent?.Invoke();
            }
        }
        else
        {
            Numbers.Add(data.GetProperty("n").GetInt32());
            Seen.Add((Numbers[^1], 0));
            OnEvent?.Invoke();
        }
    }
}
