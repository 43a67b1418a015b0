using System.Runtime.CompilerServices;
using Gai.Pipelines.AI;

namespace Gai.Pipelines.AI.Tests.PublicApi;

public sealed class PublicApiTests
{
    [Fact]
    public void GaiPipelinesAI_OffersWhatTheFileSays() =>
        Assert.Null(TestUtilities.PublicApi.Compare(typeof(ChatEvents).Assembly, FileOf("Gai.Pipelines.AI.txt")));

    private static string FileOf(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, name);
}
