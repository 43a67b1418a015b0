using System.Runtime.CompilerServices;

namespace Gai.Pipelines.PostgreSql.Tests.PublicApi;

public sealed class PublicApiTests
{
    [Fact]
    public void GaiPipelinesPostgreSql_OffersWhatTheFileSays() =>
        Assert.Null(TestUtilities.PublicApi.Compare(typeof(PostgreSqlLogStore).Assembly, FileOf("Gai.Pipelines.PostgreSql.txt")));

    private static string FileOf(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, name);
}
