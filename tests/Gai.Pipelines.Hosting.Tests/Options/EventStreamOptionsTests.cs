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
        Assert.Equal(TimeSpan.FromMinutes(1), options.WriteTimeout);
        Assert.Equal(SlowClientPolicy.Wait, options.SlowClientPolicy);
        Assert.Equal(256 * 1024, options.SlowClientBudgetBytes);
        Assert.Equal(Timeout.InfiniteTimeSpan, options.MaxAge);
        Assert.Equal(DrainMode.Finish, options.DrainMode);
        Assert.Equal(TimeSpan.FromSeconds(20), options.DrainTimeout);
        Assert.Equal(default((int?, int?, int?, bool)), (options.MaxStreams, options.MaxStreamsPerEndpoint, options.MaxStreamsPerClient, options.EndWhenTicketExpires));
        Assert.Equal((NdjsonKeepAlive.None, 0), (options.NdjsonKeepAlive, options.OpeningPaddingBytes));
        Assert.Null(options.DescribeFailure);
        Assert.Equal((StreamCompression.None, 1000), (options.Compression, options.MaxCompressedStreams));
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
            ["WriteTimeout"] = "00:00:10",
            ["SlowClientPolicy"] = "DropOldest",
            ["SlowClientBudgetBytes"] = "65536",
            ["MaxAge"] = "01:00:00",
            ["DrainMode"] = "EndAtOnce",
            ["NdjsonKeepAlive"] = "BlankLine",
            ["OpeningPaddingBytes"] = "2048",
            ["MaxStreams"] = "5000",
            ["MaxStreamsPerEndpoint"] = "500",
            ["MaxStreamsPerClient"] = "6",
            ["EndWhenTicketExpires"] = "true",
            ["DrainTimeout"] = "00:00:05",
            ["Compression"] = "Gzip, Brotli",
            ["MaxCompressedStreams"] = "50",
            ["VendorCommitWindow"] = "00:00:07",
            ["RequestIdleTimeout"] = "00:00:40",
            ["MaxRequestBodyBytes"] = "1000000",
            ["MaxRequestRecordBytes"] = "2000",
            ["Logs:MaxTotalBytes"] = "100000",
            ["Logs:Lease"] = "00:00:11",
            ["Logs:StoreDelay"] = "00:00:00.030",
            ["Logs:StoreBatchBytes"] = "1000",
            ["Logs:MaxStoreLag"] = "70",
            ["Logs:PollInterval"] = "00:00:04",
        });
        AssertDiffer(new EventStreamOptions(), options);
        AssertDiffer(new EventLogOptions(), options.Logs);

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
        Assert.Equal(TimeSpan.FromSeconds(10), options.WriteTimeout);
        Assert.Equal(SlowClientPolicy.DropOldest, options.SlowClientPolicy);
        Assert.Equal(65536, options.SlowClientBudgetBytes);
        Assert.Equal(TimeSpan.FromHours(1), options.MaxAge);
        Assert.Equal(DrainMode.EndAtOnce, options.DrainMode);
        Assert.Equal(TimeSpan.FromSeconds(5), options.DrainTimeout);
        Assert.Equal((5000, 500, 6, true), (options.MaxStreams, options.MaxStreamsPerEndpoint, options.MaxStreamsPerClient, options.EndWhenTicketExpires));
        Assert.Equal((NdjsonKeepAlive.BlankLine, 2048), (options.NdjsonKeepAlive, options.OpeningPaddingBytes));
        Assert.Equal((StreamCompression.Gzip | StreamCompression.Brotli, 50), (options.Compression, options.MaxCompressedStreams));
    }

    [Fact]
    public void AddGaiPipelines_SectionWithFlushDelayOnly_KeepsDefaultBytes() =>
        Assert.Equal(
            FlushPolicy.Window(TimeSpan.FromMilliseconds(50)),
            Bind(new() { ["FlushPolicy:Delay"] = "00:00:00.050" }).FlushPolicy);

    [Fact]
    public void AddGaiPipelines_EmptySection_KeepsDefaults() => Assert.Equal(FlushPolicy.Immediate, Bind([]).FlushPolicy);

    /// <summary>Each is handed on to the logs: one that is forgotten would be the default there.</summary>
    [Fact]
    public void Logs_EveryOption_ReachesTheLogs()
    {
        var logs = new EventLogOptions
        {
            MaxTotalBytes = 100_000, Lease = TimeSpan.FromSeconds(11), StoreDelay = TimeSpan.FromMilliseconds(30), StoreBatchBytes = 1_000, MaxStoreLag = 70, PollInterval = TimeSpan.FromSeconds(4),
        };

        StreamLogsOptions options = logs.ToOptions();

        Assert.All(typeof(EventLogOptions).GetProperties(), property => Assert.Equal(property.GetValue(logs), typeof(StreamLogsOptions).GetProperty(property.Name)!.GetValue(options)));
        AssertDiffer(new EventLogOptions(), logs);
    }

    /// <summary>An endpoint changes a copy, also of what only the server has.</summary>
    [Fact]
    public void Clone_IsChanged_LeavesTheFirstAsItWas()
    {
        var options = new EventStreamOptions();

        options.Clone().Logs.MaxTotalBytes = 100_000;

        Assert.Equal(new EventLogOptions().MaxTotalBytes, options.Logs.MaxTotalBytes);
    }

    /// <summary>Sees to it that no option is left out, those to come included.</summary>
    private static void AssertDiffer<T>(T defaults, T options) => Assert.All(
        typeof(T).GetProperties().Where(static property => property.SetMethod is { IsPublic: true } && !property.PropertyType.IsSubclassOf(typeof(Delegate))),
        property => Assert.NotEqual(property.GetValue(defaults), property.GetValue(options)));

    private static EventStreamOptions Bind(Dictionary<string, string?> values)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(values.ToDictionary(pair => $"GaiPipelines:{pair.Key}", pair => pair.Value))
            .Build();
        using ServiceProvider services = new ServiceCollection().AddGaiPipelines(configuration.GetSection("GaiPipelines")).BuildServiceProvider();
        return services.GetRequiredService<IOptions<EventStreamOptions>>().Value;
    }
}
