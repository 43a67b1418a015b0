using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using Gai.Pipelines.Benchmarks.Reports;
using Gai.Pipelines.Benchmarks.Sinks;
using Gai.Pipelines.Benchmarks.Ticks;
using Gai.Pipelines.Hosting;

namespace Gai.Pipelines.Benchmarks.Compression;

/// <summary>Measures compressed streams: how small the sample's streams get, what an event costs, and the memory of a stream.</summary>
internal static class CompressionVerb
{
    private const int Rounds = 9;
    private const int OpenStreams = 400;
    private const int EventsEach = 600;

    private static readonly string[] Codings = ["gzip", "br"];

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["memory", string encoder, string file])
        {
            return EncoderMemory.Run(encoder, file);
        }

        var streams = new List<CompressionResult>();
        var memory = new List<StreamMemory>();
        byte[][] chat;
        using (SampleServer sample = await StartAsync())
        {
            using HttpClient client = NewClient(sample);
            foreach (RealStream stream in RealStream.All)
            {
                streams.Add(await MeasureAsync(stream, client));
                Console.WriteLine(streams[^1]);
            }

            RealStream openAI = RealStream.All.Single(stream => stream.Path == "/v1/chat/completions");
            chat = openAI.Frames(await openAI.ReadAsync(client, "identity"));
        }

        double asItIs = await ServerKibiAsync("identity");
        foreach (string coding in Codings)
        {
            memory.Add(new StreamMemory(await EncoderMemory.MeasureAsync(coding, chat), await ServerKibiAsync(coding) - asItIs, OpenStreams));
            Console.WriteLine(memory[^1]);
        }

        RunInfo info = RunInfo.Now();
        string folder = Path.Combine(Repository.Reports, info.FolderName);
        Directory.CreateDirectory(folder);
        ReportFiles.Write(Path.Combine(folder, $"{ReportVerb.CompressionRun}.run.json"), new CompressionReport(info, streams, memory));
        Console.WriteLine($"Wrote perf/reports/{info.FolderName}. `-- report` puts it into PERFORMANCE.md.");
        return memory.All(one => one.IsWithinLimit) ? 0 : 1;
    }

    /// <summary>The sample, at a pace at which each event is flushed by itself.</summary>
    private static Task<SampleServer> StartAsync() => SampleServer.StartAsync(new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["GaiPipelines__Compression"] = "Gzip, Brotli",
        ["Model__TokensPerSecond"] = "200",
        ["Model__MaxTokens"] = "300",
        ["Logging__LogLevel__Default"] = "Warning",
    });

    private static HttpClient NewClient(SampleServer sample) => new(new SocketsHttpHandler { MaxConnectionsPerServer = OpenStreams }) { BaseAddress = sample.Http1 };

    private static async Task<CompressionResult> MeasureAsync(RealStream stream, HttpClient client)
    {
        byte[][] wires = await Task.WhenAll(Codings.Select(coding => stream.ReadAsync(client, coding)));
        byte[][] plain = [.. wires.Select((wire, index) => RealStream.Decompress(wire, Codings[index]))];
        byte[][] frames = stream.Frames(plain[0]);
        return new CompressionResult(
            stream.Name,
            frames.Length,
            plain[0].Length,
            (double)plain[0].Length / wires[0].Length,
            (double)plain[1].Length / wires[1].Length,
            Microseconds(Codings[0], frames),
            Microseconds(Codings[1], frames));
    }

    /// <summary>How long an event takes to be compressed and flushed, alone on one thread: the median of whole streams.</summary>
    private static double Microseconds(string coding, byte[][] frames)
    {
        PipeWriter output = new NullPipeWriter();
        var rounds = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            using Compressor compressor = EncoderMemory.Create(coding, output);
            long start = Stopwatch.GetTimestamp();
            foreach (byte[] frame in frames)
            {
                compressor.Write(frame);
            }

            rounds.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds / frames.Length);
        }

        return rounds.Order().ElementAt(Rounds / 2);
    }

    /// <summary>What the whole server has in memory for each of many open streams, when each has had more than its window.</summary>
    private static async Task<double> ServerKibiAsync(string coding)
    {
        using SampleServer sample = await StartAsync();
        using HttpClient client = NewClient(sample);
        var first = new RealStream("ticks", "/ticks?count=10&intervalMs=0", "text/event-stream", null, "\n\n");
        await first.ReadAsync(client, coding);

        long before = EncoderMemory.ResidentBytes(sample.ProcessId);
        HttpResponseMessage[] open = await Task.WhenAll(Enumerable.Range(0, OpenStreams).Select(_ => OpenAsync(client, coding)));
        long after = EncoderMemory.ResidentBytes(sample.ProcessId);
        Array.ForEach(open, response => response.Dispose());
        return (after - before) / 1024.0 / OpenStreams;
    }

    /// <summary>Opens a stream and reads some of its events; it stays open.</summary>
    private static async Task<HttpResponseMessage> OpenAsync(HttpClient client, string coding)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"/ticks?count={100 * EventsEach}&intervalMs=50"));
        request.Headers.AcceptEncoding.ParseAdd(coding);
        HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Stream wire = await response.Content.ReadAsStreamAsync();
        Stream plain = coding switch
        {
            "gzip" => new System.IO.Compression.GZipStream(wire, System.IO.Compression.CompressionMode.Decompress, leaveOpen: true),
            "br" => new System.IO.Compression.BrotliStream(wire, System.IO.Compression.CompressionMode.Decompress, leaveOpen: true),
            _ => wire,
        };
        int lines = 0;
        byte[] buffer = new byte[4096];
        while (lines < 3 * EventsEach)
        {
            int count = await plain.ReadAsync(buffer);
            lines += count > 0 ? buffer.AsSpan(0, count).Count((byte)'\n') : throw new EndOfStreamException("A stream of ticks has ended.");
        }

        return response;
    }
}
