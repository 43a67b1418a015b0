using System.Globalization;
using System.Net;
using Gai.Pipelines.Benchmarks.Reports;

namespace Gai.Pipelines.Benchmarks.Ticks;

/// <summary>Streams a million events of /ticks several times over HTTP/1.1 and HTTP/2, and watches the server's managed heap.</summary>
internal static class TicksVerb
{
    private const long Events = 1_000_000;
    private const int Streams = 5;

    /// <summary>Runs against the sample, or against a server at two addresses whose process id is given.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        using SampleServer? sample = args.Length == 0 ? await SampleServer.StartAsync() : null;
        if (sample is null && args.Length != 3)
        {
            await Console.Error.WriteLineAsync("ticks takes nothing (it starts the sample), or <http1-url> <http2-url> <process id of the server>.");
            return 2;
        }

        Uri http1 = sample?.Http1 ?? new Uri(args[0]);
        Uri http2 = sample?.Http2 ?? new Uri(args[1]);
        int processId = sample?.ProcessId ?? int.Parse(args[2], CultureInfo.InvariantCulture);
        ProtocolResult[] protocols =
        [
            await MeasureAsync("HTTP/1.1", http1, HttpVersion.Version11, processId),
            await MeasureAsync("HTTP/2", http2, HttpVersion.Version20, processId),
        ];

        RunInfo info = RunInfo.Now();
        string folder = Path.Combine(Repository.Reports, info.FolderName);
        Directory.CreateDirectory(folder);
        ReportFiles.Write(Path.Combine(folder, $"{ReportVerb.TicksRun}.run.json"), new TicksReport(info, protocols));
        Console.WriteLine($"Wrote perf/reports/{info.FolderName}. `-- report` puts it into PERFORMANCE.md.");
        return 0;
    }

    private static async Task<ProtocolResult> MeasureAsync(string name, Uri server, Version version, int processId)
    {
        // The first stream pays for code that is compiled once; it is checked, not measured.
        await TickStream.ReadAsync(server, version, Events / 10, CancellationToken.None);

        using var sampler = new HeapSampler(processId);
        await Task.Delay(TimeSpan.FromSeconds(2));
        double start = sampler.Seconds;
        var streams = new List<StreamResult>();
        for (int i = 0; i < Streams; i++)
        {
            StreamResult stream = await TickStream.ReadAsync(server, version, Events, CancellationToken.None);
            streams.Add(stream);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {stream.Events:#,0} events in order, {stream.Bytes:#,0} bytes in {stream.Seconds:0.00} s"));
        }

        double end = sampler.Seconds;
        await Task.Delay(TimeSpan.FromSeconds(1));
        return new ProtocolResult(name, start, end, streams, sampler.Samples);
    }
}
