using System.Collections.Concurrent;
using System.Text.Json;
using Gai.Pipelines.FunctionalTests.Conformance;
using Gai.Pipelines.FunctionalTests.Sample;
using Gai.Pipelines.TestUtilities;
using Xunit.Sdk;

[assembly: AssemblyFixture(typeof(ConformanceRun))]

namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>Runs each client once through all its cases, when somebody asks for its outcome.</summary>
public sealed class ConformanceRun : IAsyncLifetime
{
    private readonly Lazy<Task<SampleServer>> _server = new(SampleServer.StartAsync);
    private readonly Lazy<Task<SampleProgram>> _gateway;
    private readonly ConcurrentDictionary<string, Lazy<Task<Outcomes>>> _outcomes = new(StringComparer.Ordinal);

    // More of them would only wait for each other, and for the other tests.
    private readonly SemaphoreSlim _free = new(2);

    public ConformanceRun() => _gateway = new Lazy<Task<SampleProgram>>(StartGatewayAsync);

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _free.Dispose();
        if (_gateway.IsValueCreated)
        {
            await (await _gateway.Value).DisposeAsync();
        }

        if (_server.IsValueCreated)
        {
            await (await _server.Value).DisposeAsync();
        }
    }

    internal Task<Outcomes> OutcomesOf(ConformanceClient client) =>
        _outcomes.GetOrAdd(client.Name, _ => new Lazy<Task<Outcomes>>(() => RunAsync(client))).Value;

    private async Task<Outcomes> RunAsync(ConformanceClient client)
    {
        ConformanceCase[] cases = [.. ConformanceCase.All.Where(client.Does)];
        SampleServer server = await _server.Value;
        Uri address = client.Model == ModelStands.BehindTheServer ? (await _gateway.Value).Addresses[0] : server.Address;
        await _free.WaitAsync();
        try
        {
            IReadOnlyList<Ask> asks = [.. cases.Select(test => Tagged(client, test.AskOf(client))), .. AnyAnswers.AsksOf(client)];
            Seen[] seen = client.AskAsync is null
                ? await AskNodeAsync(address, client, asks)
                : await Task.WhenAll(asks.Select(ask => AskHereAsync(address, client.AskAsync, ask)));
            var outcomes = new Dictionary<string, Exception?>(StringComparer.Ordinal);
            foreach (ConformanceCase test in cases)
            {
                outcomes[test.Name] = await ExamineAsync(server, client, test, seen.FirstOrDefault(one => one.Case == test.Name));
            }

            if (AnyAnswers.AreFor(client))
            {
                outcomes[AnyAnswers.Outcome] = AnyAnswers.Compare(client, seen) is { } difference ? new XunitException($"{client.Title}: {difference}") : null;
            }

            return new Outcomes(outcomes);
        }
        finally
        {
            _free.Release();
        }
    }

    /// <summary>Starts the sample a second time, with the first as the provider of its model.</summary>
    private async Task<SampleProgram> StartGatewayAsync()
    {
        SampleServer server = await _server.Value;
        var gateway = new SampleProgram
        {
            Settings = new()
            {
                ["Model__Provider"] = "openai-compatible",
                ["Model__BaseUrl"] = new Uri(server.Address, "v1").ToString(),
                ["Model__Model"] = "alice-trigram",
                ["GaiPipelines__KeepAliveInterval"] = "00:00:01",
            },
        };
        await gateway.InitializeAsync();
        return gateway;
    }

    private static async Task<Exception?> ExamineAsync(SampleServer server, ConformanceClient client, ConformanceCase test, Seen? seen)
    {
        if (seen is null)
        {
            return new XunitException($"{client.Title} said nothing about {test.Name}.");
        }

        Answer? answer = server.Model.AnswerTo(TagOf(client, test.Name));
        try
        {
            await test.CheckAsync(new Examination(client, seen, answer));
            return null;
        }
        catch (Exception exception)
        {
            return new XunitException($"""
                {client.Title}, {test.Name}: {test.Meaning}
                {exception.Message}
                The client saw: {seen}
                The server wrote:
                {answer?.Wire.From(answer.Start) ?? "(The model was not asked.)"}
                """, exception);
        }
    }

    private static async Task<Seen[]> AskNodeAsync(Uri address, ConformanceClient client, IReadOnlyList<Ask> asks)
    {
        var plan = new Plan(address.ToString().TrimEnd('/'), client.Script, asks);
        string[] lines = await NodeClients.RunAsync("conformance.mjs", [JsonSerializer.Serialize(plan, ConformanceJson.Default.Plan)]);
        return [.. lines.Select(line => JsonSerializer.Deserialize(line, ConformanceJson.Default.Seen)!)];
    }

    private static async Task<Seen> AskHereAsync(Uri address, Func<Uri, Ask, Seen, Task> askAsync, Ask ask)
    {
        var seen = new Seen { Case = ask.Case };
        try
        {
            await askAsync(address, ask, seen).OrFail($"the client comes to an end in {ask.Case}");
        }
        catch (Exception exception)
        {
            seen.Error ??= new SeenError(exception.GetType().Name, null, null, null, exception.Message, null);
        }

        return seen;
    }

    private static Ask Tagged(ConformanceClient client, Ask ask) => ask with
    {
        Prompt = ObservedModel.Tagged(ask.Prompt, TagOf(client, ask.Case)),
        Then = ask.Then is null ? null : ObservedModel.Tagged(ask.Then, TagOf(client, ask.Case)),
    };

    private static string TagOf(ConformanceClient client, string test) => $"{client.Name}/{test}";
}

/// <summary>How the cases of a client ended: <see langword="null"/>, or what was wrong.</summary>
internal sealed record Outcomes(IReadOnlyDictionary<string, Exception?> Failures);
