using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gai.Pipelines.FaultHost;

/// <summary>Many clients that wait: says when all have their first event, and how their streams have ended when all have.</summary>
internal static partial class ClientsRole
{
    // More at a time fill the queue in which the server finds those who wait to be accepted.
    private const int AtOnce = 128;

    public static async Task<int> RunAsync(int port, string version, int count, string path)
    {
        _ = Task.Factory.StartNew(EndWithInput, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        using HttpClient http2 = Wire.Client("2");
        var ends = new ConcurrentBag<Task<StreamEnd>>();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (_, cancellationToken) =>
        {
            Stream stream = version == "2"
                ? await http2.GetStreamAsync(new Uri($"http://127.0.0.1:{port}{path}"), cancellationToken)
                : await ConnectAsync(port, path, cancellationToken);
            byte[] buffer = new byte[1024];
            string first = string.Empty;
            while (!first.Contains("\n\n", StringComparison.Ordinal))
            {
                int read = await stream.ReadAsync(buffer, cancellationToken);
                first = read > 0 ? first + Encoding.UTF8.GetString(buffer, 0, read) : throw new EndOfStreamException($"No event, but: {first}");
            }

            ends.Add(ReadToEndAsync(stream, buffer, version));
        });

        await Console.Out.WriteLineAsync("open");
        StreamEnd[] all = await Task.WhenAll(ends);
        var tally = new ClientsTally(
            all.Length,
            all.Count(static end => end.IsClean),
            all.Count(static end => end.Rest.Contains("server_draining", StringComparison.Ordinal)),
            all.Select(static end => RetryTime().Match(end.Rest).Value).Distinct(StringComparer.Ordinal).Count());
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(tally, HostJson.Default.ClientsTally));
        return 0;
    }

    private static void EndWithInput()
    {
        while (Console.In.Read() >= 0)
        {
        }

        Environment.Exit(3);
    }

    private static async Task<Stream> ConnectAsync(int port, string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
        var stream = new NetworkStream(socket, ownsSocket: true);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"), cancellationToken);
        return stream;
    }

    private static async Task<StreamEnd> ReadToEndAsync(Stream stream, byte[] buffer, string version)
    {
        var rest = new StringBuilder();
        try
        {
            while (true)
            {
                int read = await stream.ReadAsync(buffer);
                rest.Append(Encoding.UTF8.GetString(buffer, 0, read));
                bool isClean = version == "2" ? read == 0 : rest.ToString().EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal);
                if (isClean || read == 0)
                {
                    return new StreamEnd(rest.ToString(), isClean);
                }
            }
        }
        catch (IOException)
        {
            return new StreamEnd(rest.ToString(), IsClean: false);
        }
        finally
        {
            await stream.DisposeAsync();
        }
    }

    [GeneratedRegex("retry: [0-9]+")]
    private static partial Regex RetryTime();

    /// <summary>What came after the first event, and whether it ended as HTTP prescribes.</summary>
    private sealed record StreamEnd(string Rest, bool IsClean);
}
