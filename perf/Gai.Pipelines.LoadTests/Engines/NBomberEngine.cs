using System.Collections.Concurrent;
using Gai.Pipelines.LoadTests.Client;
using NBomber.Contracts;
using NBomber.CSharp;

namespace Gai.Pipelines.LoadTests.Engines;

/// <summary>The same scenarios under NBomber: it decides when streams are opened, and reports on them in its own way as well.</summary>
/// <remarks>
/// Compiled only with <c>-p:UseNBomber=true</c>. What NBomber calls latency is how long a whole stream lasts; that of events is measured
/// by the client, as always. Arrivals by chance are as near as NBomber comes to them: a random number each second.
/// </remarks>
internal sealed class NBomberEngine : ILoadEngine
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static string ReportFolder => Path.Combine(Repository.Root, "artifacts", "nbomber");

    public async Task<IReadOnlyList<StreamResult>> RunAsync(LoadClient client, string name, Arrivals arrivals, Func<int, StreamRequest> request)
    {
        var results = new ConcurrentBag<StreamResult>();
        int last = -1;
        ScenarioProps scenario = Scenario.Create(name, async _ =>
            {
                StreamResult stream = await client.OpenAsync(request(Interlocked.Increment(ref last)));
                results.Add(stream);
                return stream.Problem is null
                    ? Response.Ok(statusCode: "200", sizeBytes: stream.Bytes)
                    : (IResponse)Response.Fail(message: stream.Problem);
            })
            .WithoutWarmUp() // the servers have been warmed up
            .WithMaxFailCount(int.MaxValue) // a failure is told, and stops nothing
            .WithLoadSimulations(SimulationOf(arrivals));

        // It blocks its thread until the last stream has ended.
        await Task.Run(() => NBomberRunner
            .RegisterScenarios(scenario)
            .WithTestSuite("Gai.Pipelines")
            .WithTestName(name)
            .WithReportFolder(ReportFolder)
            .Run());
        return [.. results];
    }

    private static LoadSimulation SimulationOf(Arrivals arrivals) => arrivals switch
    {
        Arrivals.InTurn inTurn => Simulation.IterationsForConstant(copies: 1, iterations: inTurn.Streams),
        Arrivals.Together together => Simulation.IterationsForConstant(copies: together.Streams, iterations: together.Streams),
        Arrivals.Poisson poisson => Simulation.InjectRandom(
            minRate: (int)Math.Max(1, poisson.PerSecond / 2),
            maxRate: (int)Math.Max(2, poisson.PerSecond * 3 / 2),
            interval: Second,
            during: TimeSpan.FromSeconds(Math.Max(1, poisson.Seconds))),
        _ => throw new ArgumentException($"NBomber has no simulation of {arrivals}."),
    };
}
