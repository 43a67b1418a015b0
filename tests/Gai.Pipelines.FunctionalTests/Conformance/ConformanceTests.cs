namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>Real clients talk to the sample. Each case is a test of its own; a client runs once for all of its cases.</summary>
/// <typeparam name="TClient">The class of the tests of a client.</typeparam>
public abstract class ConformanceTests<TClient>(ConformanceRun run)
    where TClient : IConformanceTests
{
#pragma warning disable CA1000 // The runner looks for it here.
    public static TheoryData<string> Cases => [.. ConformanceCase.All.Where(Client.Does).Select(test => test.Name), .. AnyAnswers.AreFor(Client) ? [AnyAnswers.Outcome] : Array.Empty<string>()];
#pragma warning restore CA1000

    private static ConformanceClient Client => ConformanceClients.All.Single(client => client.Name == TClient.ClientName);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Ask_Case_IsUnderstood(string name)
    {
        Outcomes outcomes = await run.OutcomesOf(Client);
        if (outcomes.Failures[name] is { } failure)
        {
            throw failure;
        }
    }
}

/// <summary>The tests of a client.</summary>
public interface IConformanceTests
{
    static abstract string ClientName { get; }
}
