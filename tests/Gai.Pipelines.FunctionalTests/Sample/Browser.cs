using Gai.Pipelines.TestUtilities;
using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;
using OpenQA.Selenium.Support.UI;

namespace Gai.Pipelines.FunctionalTests.Sample;

/// <summary>Debian's Chromium, without a window, on one page.</summary>
internal sealed class Browser : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _profile = Directory.CreateTempSubdirectory("gai-pipelines-chromium-");
    private readonly ChromeDriverService _service;
    private readonly ChromeDriver _driver;

    public Browser(Uri page)
    {
        var options = new ChromeOptions { BinaryLocation = "/usr/bin/chromium" };
        options.AddArguments(
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--window-size=1100,800", $"--user-data-dir={_profile.FullName}");
        _service = ChromeDriverService.CreateDefaultService("/usr/bin", "chromedriver");
        _service.Port = FreePort.Find();
        _driver = new ChromeDriver(_service, options, TimeSpan.FromMinutes(1));
        _driver.Navigate().GoToUrl(page);
    }

    public string Title => _driver.Title;

    /// <summary>Gets the text of the first paragraph.</summary>
    public string Text => _driver.FindElement(By.TagName("p")).Text;

    public void GoTo(Uri page) => _driver.Navigate().GoToUrl(page);

    /// <summary>Runs a script in the page.</summary>
    public object? Run(string script, params object?[] arguments) => _driver.ExecuteScript(script, arguments);

    /// <summary>Takes a picture of the page for whoever wants to look at it: the variable <c>GAI_SCREENSHOT</c> says where it goes.</summary>
    public void Screenshot(string name)
    {
        if (Environment.GetEnvironmentVariable("GAI_SCREENSHOT") is { } path)
        {
            _driver.GetScreenshot().SaveAsFile($"{path}-{name}.png");
        }
    }

    public void WaitUntil(Func<bool> condition, Func<string> otherwise)
    {
        try
        {
            new WebDriverWait(_driver, Longest) { PollingInterval = TimeSpan.FromMilliseconds(20) }.Until(_ => condition());
        }
        catch (WebDriverTimeoutException)
        {
            Assert.Fail($"After {Longest.TotalSeconds:F0} s: {otherwise()}");
        }
    }

    public void Dispose()
    {
        _driver.Quit();
        _driver.Dispose();
        _service.Dispose();
        _profile.Delete(recursive: true);
    }
}
