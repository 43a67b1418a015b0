using System.Reflection;
using System.Text.RegularExpressions;

namespace Gai.Pipelines.FunctionalTests.Conformance;

public sealed partial class ConformanceTableTests(ConformanceRun run)
{
    private const string Update = "UPDATE_CONFORMANCE_TABLE";

    [Fact]
    public async Task Table_OfThisRun_IsThatOfTheDocuments()
    {
        var outcomes = new Dictionary<ConformanceClient, Outcomes>();
        foreach (ConformanceClient client in ConformanceClients.All)
        {
            outcomes[client] = await run.OutcomesOf(client);
        }

        string file = Path.Combine(RepositoryRoot, "docs", "dialects.md");
        string document = await File.ReadAllTextAsync(file);
        string renewed = ConformanceTable.PutInto(document, ConformanceTable.Of(outcomes));
        if (Environment.GetEnvironmentVariable(Update) == "1")
        {
            await File.WriteAllTextAsync(file, renewed);
            return;
        }

        string[] written = document.Split('\n');
        Assert.True(
            renewed == document,
            $"""
            What the clients can do differs from the table in docs/dialects.md. If that is meant, run this test again with {Update}=1 and check the file in.
            {string.Join('\n', renewed.Split('\n').Except(written).Select(line => "+ " + line))}
            {string.Join('\n', written.Except(renewed.Split('\n')).Select(line => "- " + line))}
            """);
    }

    [Fact]
    public void Clients_Each_HasTestsOfItsOwn()
    {
        IEnumerable<string> tested = typeof(ConformanceTableTests).Assembly.GetTypes()
            .Where(type => type.IsClass && type.IsAssignableTo(typeof(IConformanceTests)))
            .Select(type => (string)type.GetProperty(nameof(IConformanceTests.ClientName))!.GetValue(null)!);

        Assert.Equal(ConformanceClients.All.Select(client => client.Name).Order(StringComparer.Ordinal), tested.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Clients_EachThatCannot_SaysSoOfACaseThatThereIs() =>
        Assert.All(ConformanceClients.All, client => Assert.Subset(
            ConformanceCase.All.Select(test => test.Name).ToHashSet(StringComparer.Ordinal), client.CannotDo.Keys.ToHashSet(StringComparer.Ordinal)));

    [Fact]
    public async Task Clients_Each_HasTheVersionThatIsInstalled()
    {
        string npm = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot, "tests", "clients", "package.json"));
        string nuget = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot, "Directory.Packages.props"));
        Assert.All(ConformanceClients.All.SelectMany(client => Version.Matches(client.Title)), version =>
        {
            (string name, string number) = (version.Groups["name"].Value, version.Groups["number"].Value);
            Assert.True(
                npm.Contains($"\"{name}\": \"{number}\"", StringComparison.Ordinal)
                    || npm.Contains($"\"npm:{name}@{number}\"", StringComparison.Ordinal)
                    || nuget.Contains($"Include=\"{name}\" Version=\"{number}\"", StringComparison.Ordinal),
                $"The table speaks of {name} {number}, which is not what is installed.");
        });
    }

    [GeneratedRegex(@"(?<name>\S+) (?<number>\d+\.\d+\.\d+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Version { get; }

    private static string RepositoryRoot => typeof(ConformanceTableTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;
}
