using System.Diagnostics;
using System.Text.Json;
using Gai.Pipelines.FaultHost;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests.Faults;

/// <summary>A host that stops with 5,000 open streams.</summary>
/// <remarks>What holds: every client is told, with a time of its own to come back, and its response ends as HTTP prescribes; the host has stopped before its clock says that <c>DrainTimeout</c> is over.</remarks>
public sealed class StopTests(ITestOutputHelper output)
{
    private const int Clients = 5000;

    [Theory]
    [InlineData("1.1", DrainMode.EndAtOnce)]
    [InlineData("2", DrainMode.EndAtOnce)]
    [InlineData("1.1", DrainMode.Finish)]
    [InlineData("2", DrainMode.Finish)]
    public async Task Stop_5000OpenStreams_AllAreToldWithinTheLimit(string version, DrainMode mode)
    {
        await using FaultServer server = await FaultServer.StartAsync(options => options.DrainMode = mode);
        int port = version == "2" ? server.Server.Http2Port : server.Server.Http1Port;
        await using Child clients = Child.Start("clients", $"{port}", version, $"{Clients}", "/idle");
        Assert.Equal("open", await clients.ReadLineAsync("5,000 open streams"));

        long start = Stopwatch.GetTimestamp();
        Task stopping = server.Server.App.StopAsync();
        if (mode == DrainMode.Finish)
        {
            await server.Time.WaitForTimerAsync(TimeSpan.FromSeconds(18));
            start = Stopwatch.GetTimestamp();
            server.Time.Advance(TimeSpan.FromSeconds(18));
        }

        ClientsTally tally = JsonSerializer.Deserialize(await clients.ReadLineAsync("how the streams ended"), HostJson.Default.ClientsTally)!;
        output.WriteLine($"{Clients:N0} streams were ended in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:N0} ms.");
        if (version == "2")
        {
            await server.Time.PassTimerAsync(TimeSpan.FromSeconds(1));
        }

        await stopping.OrFail("the host stops");
        Assert.Equal((Clients, Clients, Clients), (tally.Ended, tally.Clean, tally.Farewells));
        Assert.InRange(tally.Returns, Clients / 4, Clients);
        await server.NothingIsLeftAsync([.. Enumerable.Repeat(StreamOutcomeReason.Drained, Clients)]);
        Assert.DoesNotContain(server.Server.Logs.Ours, entry => entry.Name == "DrainTimedOut");
    }

    /// <summary>The same on the clock of the wall, as a host is stopped by a signal: by the time that the limit is over it has stopped.</summary>
    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Stop_5000OpenStreams_HostHasStoppedWithinDrainTimeout(string version)
    {
        (Child server, int[] ports) = await Child.StartServerAsync(options: ["--GaiPipelines:DrainMode=EndAtOnce", "--GaiPipelines:DrainTimeout=00:00:20"]);
        await using (server)
        {
            await using Child clients = Child.Start("clients", $"{ports[version == "2" ? 1 : 0]}", version, $"{Clients}", "/idle");
            Assert.Equal("open", await clients.ReadLineAsync("5,000 open streams"));

            double milliseconds = double.Parse(await server.AskAsync("stop"), System.Globalization.CultureInfo.InvariantCulture);

            output.WriteLine($"The host had stopped after {milliseconds:N0} ms.");
            Assert.InRange(milliseconds, 0, 20_000);
            ClientsTally tally = JsonSerializer.Deserialize(await clients.ReadLineAsync("how the streams ended"), HostJson.Default.ClientsTally)!;
            Assert.Equal((Clients, Clients, Clients), (tally.Ended, tally.Clean, tally.Farewells));
        }
    }
}
