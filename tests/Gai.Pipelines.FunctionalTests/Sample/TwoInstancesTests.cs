using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests.Sample;

/// <summary>The page of an instance that is killed, with another instance and a PostgreSQL behind it.</summary>
public sealed class TwoInstancesTests : IAsyncLifetime
{
    private PostgreSqlServer _database = null!;
    private SampleProgram _a = null!;
    private SampleProgram _b = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await PostgreSqlServer.StartAsync("fsync=off");
        _b = await StartAsync();
        _a = await StartAsync(("Instances__0", _b.Addresses[0].GetLeftPart(UriPartial.Authority)));
    }

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Theory]
    [InlineData("eventsource")]
    [InlineData("fetch")]
    public async Task Kill_InstanceThatThePageIsConnectedTo_AnswerGoesOnAtTheOther(string transport)
    {
        string text = string.Join(' ', Enumerable.Range(1, 800));
        using var browser = new Browser(_b.Addresses[0]);
        Ask(browser, transport, text);

        // The answer is produced at B, and read at A: as after a load balancer's choice.
        object? chat = browser.Run("return localStorage.chat");
        browser.GoTo(_a.Addresses[0]);
        browser.Run("localStorage.chat = arguments[0]", chat);
        browser.GoTo(_a.Addresses[0]);
        WaitForText(browser, "1 2 3");
        int atTheCut = AnswerOf(browser).Length;

        await _a.KillAsync();

        browser.WaitUntil(() => StateOf(browser) is not "streaming", () => $"the answer goes on: {AnswerOf(browser)}");
        browser.Screenshot($"goes-on-{transport}");
        Assert.Equal(("done", text), (StateOf(browser), AnswerOf(browser)));
        Assert.True(atTheCut < text.Length, "The answer was whole before the instance was killed.");
    }

    [Theory]
    [InlineData("eventsource")]
    [InlineData("fetch")]
    public async Task Kill_InstanceThatProduces_PageKeepsWhatThereIsAndSaysProducerLost(string transport)
    {
        using var browser = new Browser(_a.Addresses[0]);
        Ask(browser, transport, string.Join(' ', Enumerable.Range(1, 1_000)));

        await _a.KillAsync();

        browser.WaitUntil(() => StateOf(browser) is not "streaming", () => $"the answer goes on: {AnswerOf(browser)}");
        browser.Screenshot($"lost-{transport}");
        Assert.Equal("failed", StateOf(browser));
        Assert.Contains("(producer_lost)", (string)browser.Run("return document.querySelector('.problem').textContent")!, StringComparison.Ordinal);
        string answer = AnswerOf(browser);
        Assert.StartsWith("1 2 3", answer, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(1, answer.Split(' ').Length).Select(n => $"{n}"), answer.Split(' '));
    }

    private async Task<SampleProgram> StartAsync(params (string Name, string Value)[] more)
    {
        var settings = new Dictionary<string, string> { ["ConnectionStrings__Streams"] = _database.ConnectionString, ["GaiPipelines__Logs__Lease"] = "00:00:05", ["Model__TokensPerSecond"] = "40" };
        foreach ((string name, string value) in more)
        {
            settings[name] = value;
        }

        var sample = new SampleProgram { Settings = settings };
        await sample.InitializeAsync();
        return sample;
    }

    private static void Ask(Browser browser, string transport, string text)
    {
        browser.Run(
            "document.getElementById('transport').value = arguments[0]; document.getElementById('prompt').value = arguments[1]; document.getElementById('send').click()",
            transport,
            $"/echo {text}");
        WaitForText(browser, "1 2 3");
    }

    private static void WaitForText(Browser browser, string text) =>
        browser.WaitUntil(() => AnswerOf(browser).Contains(text, StringComparison.Ordinal), () => $"the answer is \"{AnswerOf(browser)}\"");

    private static string AnswerOf(Browser browser) =>
        (string?)browser.Run("return document.querySelector('.message[data-role=assistant] .text')?.textContent") ?? string.Empty;

    private static string StateOf(Browser browser) =>
        (string?)browser.Run("return document.querySelector('.message[data-role=assistant]')?.dataset.state") ?? "streaming";
}
