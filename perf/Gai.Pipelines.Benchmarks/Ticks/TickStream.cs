using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Gai.Pipelines.Benchmarks.Ticks;

/// <summary>Reads one stream of /ticks as any client would, and checks every event of it.</summary>
internal static class TickStream
{
    public static async Task<StreamResult> ReadAsync(Uri server, Version version, long events, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server, string.Create(CultureInfo.InvariantCulture, $"/ticks?count={events}&intervalMs=0")))
        {
            Version = version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Accept.ParseAdd("text/event-stream");

        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        if (response.Version != version)
        {
            throw new InvalidOperationException($"{server} answered over HTTP/{response.Version}, not HTTP/{version}.");
        }

        await using var body = new CountingStream(await response.Content.ReadAsStreamAsync(cancellationToken));
        long read = 0;
        await foreach (SseItem<bool> item in SseParser.Create(body, (_, data) => HasNumber(data, read + 1)).EnumerateAsync(cancellationToken))
        {
            read++;
            string expected = read.ToString(CultureInfo.InvariantCulture);
            if (item.EventId != expected || !item.Data)
            {
                throw new InvalidOperationException($"Event {expected} of {server} has the id '{item.EventId}'{(item.Data ? "." : " and data without that number.")}");
            }
        }

        if (read != events)
        {
            throw new InvalidOperationException($"{server} sent {read} events of {events}.");
        }

        return new StreamResult(read, body.BytesRead, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>Whether the data is a JSON object with that number in a field.</summary>
    private static bool HasNumber(ReadOnlySpan<byte> data, long number)
    {
        var json = new Utf8JsonReader(data);
        bool found = false;
        bool isObject = json.Read() && json.TokenType == JsonTokenType.StartObject;
        while (json.Read())
        {
            found |= json.CurrentDepth == 1 && json.TokenType == JsonTokenType.Number && json.TryGetInt64(out long value) && value == number;
        }

        return isObject && found;
    }

    private sealed class CountingStream(Stream inner) : Stream
    {
        public long BytesRead { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => BytesRead; set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await inner.ReadAsync(buffer, cancellationToken);
            BytesRead += read;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}

/// <summary>A stream that came whole and in order.</summary>
internal sealed record StreamResult(long Events, long Bytes, double Seconds);
