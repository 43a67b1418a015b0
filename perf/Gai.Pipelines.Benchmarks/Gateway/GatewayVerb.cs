using System.Diagnostics;
using System.Globalization;
using Gai.Pipelines.Benchmarks.Reports;
using Gai.Pipelines.Benchmarks.Ticks;

namespace Gai.Pipelines.Benchmarks.Gateway;

/// <summary>Measures the sample as a gateway: what it adds to the way of an event from socket to socket, and the CPU that an event costs it.</summary>
/// <remarks>Each load is read from the model server itself and through the gateway by turns; what the gateway adds is the difference of the medians of a round.</remarks>
internal static class GatewayVerb
{
    private const int Rounds = 3;
    private const int EventsPerStream = 1_000;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    public static async Task<int> RunAsync()
    {
        await using PacedUpstream upstream = await PacedUpstream.StartAsync(EventsPerStream, Interval);
        using SampleServer gateway = await SampleServer.StartAsync(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Model__Provider"] = "openai-compatible",
            ["Model__BaseUrl"] = new Uri(upstream.Address, "/v1").ToString(),
            ["Model__ApiKey"] = "none",
            ["Model__Model"] = "paced",
            ["Logging__LogLevel__Default"] = "Warning",
        });

        // The first streams pay for code that is compiled once.
        await PacedClient.ReadAsync(upstream.Address, 20, EventsPerStream);
        await PacedClient.ReadAsync(gateway.Http1, 20, EventsPerStream);

        var loads = new List<GatewayLoad>();
        foreach (int streams in (int[])[1, 100])
        {
            var rounds = new List<GatewayRound>();
            for (int round = 0; round < Rounds; round++)
            {
                rounds.Add(await MeasureAsync(upstream.Address, gateway, streams));
                Console.WriteLine(rounds[^1]);
            }

            loads.Add(new GatewayLoad(streams, 1 / Interval.TotalSeconds, EventsPerStream, rounds));
        }

        RunInfo info = RunInfo.Now();
        string folder = Path.Combine(Repository.Reports, info.FolderName);
        Directory.CreateDirectory(folder);
        ReportFiles.Write(Path.Combine(folder, $"{ReportVerb.GatewayRun}.run.json"), new GatewayReport(info, loads));
        Console.WriteLine($"Wrote perf/reports/{info.FolderName}. `-- report` puts it into PERFORMANCE.md.");
        return 0;
    }

    private static async Task<GatewayRound> MeasureAsync(Uri upstream, SampleServer gateway, int streams)
    {
        double[] direct = await PacedClient.ReadAsync(upstream, streams, EventsPerStream);
        using Process process = Process.GetProcessById(gateway.ProcessId);
        TimeSpan before = process.TotalProcessorTime;
        double[] through = await PacedClient.ReadAsync(gateway.Http1, streams, EventsPerStream);
        process.Refresh();
        TimeSpan cpu = process.TotalProcessorTime - before;
        return new GatewayRound(
            Quantile(direct, 0.5), Quantile(direct, 0.99), Quantile(through, 0.5), Quantile(through, 0.99), cpu.TotalMicroseconds / through.Length);
    }

    private static double Quantile(double[] values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)(share * (sorted.Length - 1))];
    }
}
