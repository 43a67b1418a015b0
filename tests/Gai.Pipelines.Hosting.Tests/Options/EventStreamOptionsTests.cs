using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Hosting.Tests.Options;

public sealed class EventStreamOptionsTests
{
    [Fact]
    public void Options_NothingSet_HaveDocumentedDefaults()
    {
        var options = new EventStreamOptions();

        Assert.Equal(TimeSpan.FromSeconds(15), options.KeepAliveInterval);
        Assert.Equal(TimeSpan.FromSeconds(1), options.CommitWindow);
        Assert.Equal(FlushPolicy.Immediate, options.FlushPolicy);
        Assert.Equal(16 * 1024, options.UnflushedLimitBytes);
        Assert.Equal(256, options.ChannelCapacity);
        Assert.False(options.EventIds);
        Assert.Null(options.RetryHint);
        Assert.False(options.Timestamps);
        Assert.Equal("gai.error", options.ErrorEventName);
        Assert.Equal(16 * 1024 * 1024, options.MaxFrameBytes);
        Assert.Equal(1024 * 1024, options.MaxDocumentBytes);
        Assert.Equal(TimeSpan.FromSeconds(5), options.DetachAfter);
        Assert.False(options.IncludeExceptionText);
    }

    [Fact]
    public void AddGaiPipelines_Section_BindsEveryOption()
    {
        EventStreamOptions options = Bind(new()
        {
            ["KeepAliveInterval"] = "00:00:30",
            ["CommitWindow"] = "-00:00:00.001",
            ["FlushPolicy:Delay"] = "00:00:00.020",
            ["FlushPolicy:Bytes"] = "2048",
            ["UnflushedLimitBytes"] = "4096",
            ["ChannelCapacity"] = "7",
            ["EventIds"] = "true",
            ["RetryHint"] = "00:00:03",
            ["Timestamps"] = "true",
            ["ErrorEventName"] = "error",
            ["MaxFrameBytes"] = "65536",
            ["MaxDocumentBytes"] = "32768",
            ["DetachAfter"] = "00:00:01",
            ["IncludeExceptionText"] = "true",
        });

        Assert.Equal(TimeSpan.FromSeconds(30), options.KeepAliveInterval);
        Assert.Equal(Timeout.InfiniteTimeSpan, options.CommitWindow);
        Assert.Equal(FlushPolicy.Window(TimeSpan.FromMilliseconds(20), 2048), options.FlushPolicy);
        Assert.Equal(4096, options.UnflushedLimitBytes);
        Assert.Equal(7, options.ChannelCapacity);
        Assert.True(options.EventIds);
        Assert.Equal(TimeSpan.FromSeconds(3), options.RetryHint);
        Assert.True(options.Timestamps);
        Assert.Equal("error", options.ErrorEventName);
        Assert.Equal(65536, options.MaxFrameBytes);
        Assert.Equal(32768, options.MaxDocumentBytes);
        Assert.Equal(TimeSpan.FromSeconds(1), options.DetachAfter);
        Assert.True(options.IncludeExceptionText);
    }

    [Fact]
    public void AddGaiPipelines_SectionWithFlushDelayOnly_KeepsDefaultBytes() =>
        Assert.Equal(
            FlushPolicy.Window(TimeSpan.FromMilliseconds(50)),
            Bind(new() { ["FlushPolicy:Delay"] = "00:00:00.050" }).FlushPolicy);

    [Fact]
    public void AddGaiPipelines_EmptySection_KeepsDefaults() => Assert.Equal(FlushPolicy.Immediate, Bind([]).FlushPolicy);

    private static EventStreamOptions Bind(Dictionary<string, string?> values)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(values.ToDictionary(pair => $"GaiPipelines:{pair.Key}", pair => pair.Value))
            .Build();
        using ServiceProvider services = new ServiceCollection().AddGaiPipelines(configuration.GetSection("GaiPipelines")).BuildServiceProvider();
        return services.GetRequiredService<IOptions<EventStreamOptions>>().Value;
    }
}
