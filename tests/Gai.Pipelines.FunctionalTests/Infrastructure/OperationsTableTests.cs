using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests;

/// <summary>What docs/operations.md promises is there: the tests that it names, and the options.</summary>
public sealed partial class OperationsTableTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(Folder(), "..", "..", ".."));

    [Fact]
    public void Table_TestsThatItNames_Exist()
    {
        Dictionary<string, string> files = Directory
            .EnumerateFiles(Path.Combine(Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .GroupBy(file => Path.GetFileNameWithoutExtension(file)!, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => string.Concat(group.Select(File.ReadAllText)), StringComparer.Ordinal);
        string[] named = [.. TestName().Matches(File.ReadAllText(Path.Combine(Root, "docs", "operations.md"))).Select(match => match.Value.Trim('`'))];

        Assert.True(named.Length > 20, $"only {named.Length} tests are named");
        Assert.DoesNotContain(named, name => !files.TryGetValue(name.Split('.')[0], out string? source) || !source.Contains($" {name.Split('.')[1]}(", StringComparison.Ordinal));
    }

    [Fact]
    public void Readme_TableOfOptions_HasAllOfThem()
    {
        string readme = File.ReadAllText(Path.Combine(Root, "README.md"));

        Assert.DoesNotContain(typeof(EventStreamOptions).GetProperties(), option => !readme.Contains($"`{option.Name}`", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Figures_TableOfInstruments_HasAllOfThem()
    {
        string[] columns = [.. File.ReadAllLines(Path.Combine(Root, "docs", "operations.md")).Where(line => line.StartsWith("| `gai.stream.", StringComparison.Ordinal)).Select(line => line.Split('|')[1])];
        await using TestServer server = await TestServer.StartAsync(app => app.MapEventStream("/ticks", _ => Sources.Ticks(1)));
        using var measured = new Measurements(server.App.Services.GetRequiredService<IMeterFactory>());

        await server.GetAsync("/ticks");

        const string Prefix = "gai.stream";
        Assert.Contains("gai.stream.duration", measured.Units.Keys);
        Assert.DoesNotContain(measured.Units.Keys.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)), name => !columns.Any(column => column.Contains($"`{name}`", StringComparison.Ordinal) || column.Contains($"`{name[Prefix.Length..]}`", StringComparison.Ordinal)));
    }

    [GeneratedRegex("`[A-Za-z]+Tests\\.[A-Za-z0-9_]+`")]
    private static partial Regex TestName();

    private static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
