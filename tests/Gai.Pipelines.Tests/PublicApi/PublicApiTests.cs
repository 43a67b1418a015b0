using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Tests.PublicApi;

public sealed class PublicApiTests
{
    [Fact]
    public void GaiPipelines_OffersWhatTheFileSays() =>
        Assert.Null(TestUtilities.PublicApi.Compare(typeof(StreamEvent).Assembly, FileOf("Gai.Pipelines.txt")));

    [Fact]
    public void GaiPipelinesTestKit_OffersWhatTheFileSays() =>
        Assert.Null(TestUtilities.PublicApi.Compare(typeof(TestKit.LogStoreContractTests).Assembly, FileOf("Gai.Pipelines.TestKit.txt")));

    [Fact]
    public void Compare_OtherApi_TellsWhatDiffersAndHowToUpdate()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("UPDATE_PUBLIC_API") == "1", "The files are being written.");
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        string[] known = File.ReadAllLines(FileOf("Gai.Pipelines.txt"));
        File.WriteAllLines(file, known[1..].Append("sealed class Gai.Pipelines.Gone"));

        string report = TestUtilities.PublicApi.Compare(typeof(StreamEvent).Assembly, file)!;
        File.Delete(file);

        Assert.Contains("UPDATE_PUBLIC_API=1", report, StringComparison.Ordinal);
        Assert.Contains("+ " + known[0], report, StringComparison.Ordinal);
        Assert.Contains("- sealed class Gai.Pipelines.Gone", report, StringComparison.Ordinal);
    }

    private static string FileOf(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, name);
}
