using System.Diagnostics;
using System.Globalization;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests.Nodes;

/// <summary>What a slow disk costs the live readers of the node that produces, in milliseconds. It asserts nothing of time, and runs when it is asked for.</summary>
public sealed class SlowDiskDelays(ITestOutputHelper output)
{
    private const int PaceMs = 10;
    private const int Events = 1_500;

    [Fact(Explicit = true)]
    public async Task Measure_GapsOfALiveReader_WithAndWithoutASlowDisk()
    {
        await using PostgreSqlServer database = await PostgreSqlServer.StartAsync("fsync=off");
        await using TwoNodes nodes = await TwoNodes.StartAsync(database);
        foreach (string disk in (string[])["fast", "slow", "fast", "slow"])
        {
            // The tables are there when the first stream is.
            using NodeReader reader = await NodeReader.OpenAsync(nodes.PortA, $"/ticks/{Guid.NewGuid():N}?count={Events}&paceMs={PaceMs}");
            await reader.ReadAsync(1);
            if (disk == "slow")
            {
                await nodes.SlowDiskAsync();
            }

            var gaps = new List<double>(Events);
            long last = Stopwatch.GetTimestamp();
            for (int n = 2; n <= Events; n++)
            {
                await reader.ReadAsync(n);
                long now = Stopwatch.GetTimestamp();
                gaps.Add(Stopwatch.GetElapsedTime(last, now).TotalMilliseconds);
                last = now;
            }

            if (disk == "slow")
            {
                await nodes.FastDiskAsync();
            }

            gaps.Sort();
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{disk} disk, an event each {PaceMs} ms, {gaps.Count} gaps: p50 {gaps[gaps.Count / 2]:F1}, p99 {gaps[gaps.Count * 99 / 100]:F1}, max {gaps[^1]:F1} ms"));
        }
    }
}
