using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Reports;
using Gai.Pipelines.LoadTests.Servers;

namespace Gai.Pipelines.LoadTests.Tests.Servers;

public sealed class ContenderSpecTests
{
    [Fact]
    public void Parse_NameAndOptions_HasThem()
    {
        ContenderSpec spec = ContenderSpec.Parse("gai+window=50+inline+env:DOTNET_GCConserveMemory=5+gc=workstation");
        Assert.Equal("gai", spec.Name);
        Assert.Equal(50, spec.Number("window"));
        Assert.True(spec.Has("inline"));
        Assert.False(spec.Has("head"));
        Assert.Null(spec.Number("capacity"));
        Assert.Equal("5", spec.Environment()["DOTNET_GCConserveMemory"]);
        Assert.Equal("0", spec.Environment()["DOTNET_gcServer"]);
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("gai+windows=50")]
    [InlineData("gai+window")]
    [InlineData("gai+inline=1")]
    [InlineData("gai+env:X")]
    public void Parse_AnythingElse_SaysWhatThereIs(string text) =>
        Assert.Contains("there are", Assert.Throws<FormatException>(() => ContenderSpec.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("framework+window=10", "gai, gai-typed, gai-log, good")]
    [InlineData("good+resumable", "gai")]
    [InlineData("raw+kestrel-inline", "gai")]
    [InlineData("gai+head", "bare")]
    public void Parse_OptionOfOtherServers_SaysWhose(string text, string servers) =>
        Assert.Contains($"it is for {servers}", Assert.Throws<FormatException>(() => ContenderSpec.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("ten")]
    [InlineData("-1")]
    [InlineData("")]
    public void Number_IsNone_SaysSo(string value) =>
        Assert.Contains("is a number", Assert.Throws<FormatException>(() => ContenderSpec.Parse($"gai+window={value}").Number("window")).Message, StringComparison.Ordinal);

    [Fact]
    public void WhyNot_AnyCase_EveryServerOfItCan() => Assert.All(
        Cases.All,
        static load => Assert.All(load.Contenders, contender => Assert.Null(Contenders.WhyNot(ContenderSpec.Parse(contender), load.Scenario, load.Settings))));

    [Theory]
    [InlineData("framework", "burst", "ndjson", Protocol.Http1)]
    [InlineData("json", "burst", "sse", Protocol.Http1)]
    [InlineData("raw", "burst", "sse", Protocol.Http2)]
    [InlineData("raw", "idle", "sse", Protocol.Http1)]
    [InlineData("bare", "paced", "sse", Protocol.Http1)]
    [InlineData("copy", "duplex", "ndjson", Protocol.Http1)]
    internal void WhyNot_ServerCannot_SaysWhy(string server, string scenario, string format, Protocol protocol) => Assert.NotNull(
        Contenders.WhyNot(ContenderSpec.Parse(server), scenario, new LoadTests.Scenarios.LoadSettings { Format = format, Protocol = protocol }));
}
