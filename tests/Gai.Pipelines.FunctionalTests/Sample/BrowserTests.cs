using System.Collections.ObjectModel;
using System.Globalization;
using Gai.Pipelines.TestUtilities;
using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;
using OpenQA.Selenium.Support.UI;

namespace Gai.Pipelines.FunctionalTests.Sample;

/// <summary>The sample's page in a real browser: Debian's Chromium, without a window.</summary>
public sealed class BrowserTests : IClassFixture<SampleProgram>, IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _profile = Directory.CreateTempSubdirectory("gai-pipelines-chromium-");
    private readonly ChromeDriverService _service;
    private readonly ChromeDriver _browser;

    public BrowserTests(SampleProgram sample)
    {
        var options = new ChromeOptions { BinaryLocation = "/usr/bin/chromium" };
        options.AddArguments(
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--window-size=1100,800", $"--user-data-dir={_profile.FullName}");
        _service = ChromeDriverService.CreateDefaultService("/usr/bin", "chromedriver");
        _service.Port = FreePort.Find();
        _browser = new ChromeDriver(_service, options, TimeSpan.FromMinutes(1));

        // Every request for an answer is remembered, and what became of it.
        _browser.ExecuteCdpCommand("Page.addScriptToEvaluateOnNewDocument", new Dictionary<string, object?>
        {
            ["source"] = """
                window.seen = { sources: [], fetches: 0 };
                const Native = window.EventSource;
                window.EventSource = class extends Native { constructor(...args) { super(...args); window.seen.sources.push(this); } };
                const nativeFetch = window.fetch;
                window.fetch = (...args) => { if (/answers\?/.test(args[0]) && args[1]?.method === 'POST') window.seen.fetches++; return nativeFetch(...args); };
                """,
        });
        _browser.Navigate().GoToUrl(sample.Addresses[0]);
    }

    public void Dispose()
    {
        _browser.Quit();
        _browser.Dispose();
        _service.Dispose();
        _profile.Delete(recursive: true);
    }

    [Theory]
    [InlineData("eventsource")]
    [InlineData("fetch")]
    public void Send_Prompt_StreamsTheWholeAnswer(string transport)
    {
        Send(transport, "/echo The answer comes word by word, and the page shows each of them: čao 🙂");

        WaitForState("done");

        Assert.Equal("The answer comes word by word, and the page shows each of them: čao 🙂", Answer.FindElement(By.CssSelector(".text")).Text);
        Assert.Equal("done", _browser.FindElement(By.Id("connection")).GetAttribute("data-state"));
        Assert.Matches(@"^\d+ ms$", _browser.FindElement(By.Id("ttft")).Text);
        AssertOneRequestThatIsOver(transport);
        if (Environment.GetEnvironmentVariable("GAI_SCREENSHOT") is { } path)
        {
            _browser.GetScreenshot().SaveAsFile($"{path}-{transport}.png");
        }
    }

    [Theory]
    [InlineData("eventsource")]
    [InlineData("fetch")]
    public void Stop_WhileStreaming_EndsTheAnswer(string transport)
    {
        Send(transport, "/echo " + string.Join(' ', Enumerable.Range(1, 1_500)));
        WaitUntil(() => Answer.FindElement(By.CssSelector(".text")).Text.Contains("1 2 3", StringComparison.Ordinal), "no text comes");

        _browser.FindElement(By.Id("stop")).Click();

        WaitForState("stopped");
        Assert.True(_browser.FindElement(By.Id("send")).Displayed);
        Assert.DoesNotContain("1500", Answer.FindElement(By.CssSelector(".text")).Text, StringComparison.Ordinal);
        AssertOneRequestThatIsOver(transport);
    }

    [Theory]
    [InlineData("eventsource")]
    [InlineData("fetch")]
    public void Send_AnswerThatFails_ShowsTheErrorAndDoesNotAskAgain(string transport)
    {
        Send(transport, "/fail-after 2");

        WaitForState("failed");

        IWebElement problem = Answer.FindElement(By.CssSelector(".problem"));
        Assert.Contains("The stream failed on the server.", problem.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("asked to fail", problem.Text, StringComparison.Ordinal);
        AssertOneRequestThatIsOver(transport);
    }

    [Theory]
    [InlineData("eventsource")]
    [InlineData("fetch")]
    public void Send_FailureBeforeTheFirstToken_ShowsFailed(string transport)
    {
        Send(transport, "/fail");

        WaitForState("failed");

        AssertOneRequestThatIsOver(transport);
    }

    [Theory]
    [InlineData("eventsource")]
    [InlineData("fetch")]
    public void Reload_WhileStreaming_TheAnswerGoesOn(string transport)
    {
        string text = string.Join(' ', Enumerable.Range(1, 250));
        Send(transport, "/echo " + text);
        WaitUntil(() => Answer.FindElement(By.CssSelector(".text")).Text.Contains("1 2 3", StringComparison.Ordinal), "no text comes");

        _browser.Navigate().Refresh();

        WaitForState("done");
        Assert.Equal(text, Answer.FindElement(By.CssSelector(".text")).Text);
        Assert.Single(_browser.FindElements(By.CssSelector(".message[data-role=assistant]")));
        Assert.Equal("/echo " + text, _browser.FindElement(By.CssSelector(".message[data-role=user]")).Text);
    }

    [Fact]
    public void SecondTab_WhileStreaming_FollowsAlongAndStopsTheAnswerOfBoth()
    {
        Send("fetch", "/echo " + string.Join(' ', Enumerable.Range(1, 3_000)));
        WaitUntil(() => Answer.FindElement(By.CssSelector(".text")).Text.Contains("1 2 3", StringComparison.Ordinal), "no text comes");
        string first = _browser.CurrentWindowHandle;
        string address = _browser.Url;

        _browser.SwitchTo().NewWindow(WindowType.Tab);
        _browser.Navigate().GoToUrl(address);
        WaitUntil(() => Answer.FindElement(By.CssSelector(".text")).Text.Contains("1 2 3", StringComparison.Ordinal), "the second tab does not follow");
        _browser.FindElement(By.Id("stop")).Click();

        WaitForState("stopped");
        _browser.SwitchTo().Window(first);
        WaitForState("stopped");
        Assert.DoesNotContain("3000", Answer.FindElement(By.CssSelector(".text")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Figures_AnswerEnds_AreThoseOfTheServer()
    {
        Show("figures");
        WaitUntil(() => Figure("active").EndsWith(" ended", StringComparison.Ordinal), "the server shows no figures");
        int before = Number(Figure("events"));

        Send("fetch", "/echo one two three");

        WaitForState("done");
        WaitUntil(() => Number(Figure("events")) >= before + 4, "the page does not count the events of its answer");
        WaitUntil(() => _browser.FindElement(By.Id("legend")).Text.Contains("completed ", StringComparison.Ordinal), "the page does not say how streams end");
        Assert.Matches("ms|s", Figure("first"));
        Assert.Equal("true", _browser.FindElement(By.Id("server")).GetAttribute("aria-expanded"));

        _browser.FindElement(By.Id("server")).Click();

        Assert.False(_browser.FindElement(By.Id("figures")).Displayed);
        Assert.Matches(@"^\d+ open · \d+ events/s$", _browser.FindElement(By.Id("open")).Text);
    }

    private string Figure(string id) => _browser.FindElement(By.Id(id)).Text;

    private static int Number(string figure) => int.Parse(figure.Split(' ')[0], NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    private void Show(string panel)
    {
        if (!_browser.FindElement(By.Id(panel)).Displayed)
        {
            _browser.FindElement(By.Id("server")).Click();
        }
    }

    private IWebElement Answer => _browser.FindElement(By.CssSelector(".message[data-role=assistant]"));

    private void Send(string transport, string prompt)
    {
        _browser.FindElement(By.CssSelector($"#transport option[value={transport}]")).Click();

        // The driver cannot type characters outside of the BMP.
        _browser.ExecuteScript("document.getElementById('prompt').value = arguments[0]", prompt);
        _browser.FindElement(By.Id("send")).Click();
    }

    private void WaitForState(string state) => WaitUntil(
        () => Answer.GetAttribute("data-state") == state, $"the answer does not become {state}");

    private void WaitUntil(Func<bool> condition, string otherwise)
    {
        var wait = new WebDriverWait(_browser, Longest) { PollingInterval = TimeSpan.FromMilliseconds(20), Message = otherwise };
        wait.IgnoreExceptionTypes(typeof(NoSuchElementException), typeof(StaleElementReferenceException));
        wait.Until(_ => condition());
    }

    /// <summary>An EventSource that is closed never connects again: there is no need to wait whether it does.</summary>
    private void AssertOneRequestThatIsOver(string transport)
    {
        const long Closed = 2;
        var states = (ReadOnlyCollection<object>)_browser.ExecuteScript("return window.seen.sources.map(source => source.readyState)")!;
        object? fetches = _browser.ExecuteScript("return window.seen.fetches");

        Assert.Equal(transport == "fetch" ? [] : [Closed], states);
        Assert.Equal(transport == "fetch" ? 1L : 0L, fetches);
        Assert.Single(_browser.FindElements(By.CssSelector(".message[data-role=assistant]")));
    }
}
