using System.Runtime.CompilerServices;
using Gai.Pipelines.Hosting;

namespace Gai.Pipelines.Hosting.Tests.PublicApi;

public sealed class PublicApiTests
{
    [Fact]
    public void GaiPipelinesHosting_OffersWhatTheFileSays() =>
        Assert.Null(TestUtilities.PublicApi.Compare(typeof(EventStreamOptions).Assembly, FileOf("Gai.Pipelines.Hosting.txt")));

    private static string FileOf(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, name);
}
