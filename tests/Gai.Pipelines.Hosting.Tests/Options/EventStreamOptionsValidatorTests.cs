using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Hosting.Tests.Options;

public sealed class EventStreamOptionsValidatorTests
{
    /// <summary>Each setting out of its range, and what the message must say: the setting, the value, the remedy.</summary>
    public static TheoryData<string, string, string, Action<EventStreamOptions>> Bad => new()
    {
        { "KeepAliveInterval", "00:00:00.5000000", "00:00:01 to 01:00:00, or 00:00:00 to turn keep-alives off", o => o.KeepAliveInterval = TimeSpan.FromSeconds(0.5) },
        { "KeepAliveInterval", "01:00:01", "00:00:01 to 01:00:00", o => o.KeepAliveInterval = TimeSpan.FromSeconds(3601) },
        { "KeepAliveInterval", "-00:00:01", "00:00:01 to 01:00:00", o => o.KeepAliveInterval = TimeSpan.FromSeconds(-1) },
        { "CommitWindow", "-00:00:02", "00:00:00 to 00:05:00, or -00:00:00.001 to wait for the first event", o => o.CommitWindow = TimeSpan.FromSeconds(-2) },
        { "VendorCommitWindow", "00:05:01", "00:00:00 to 00:05:00", o => o.VendorCommitWindow = TimeSpan.FromSeconds(301) },
        { "CommitWindow", "00:05:01", "00:00:00 to 00:05:00", o => o.CommitWindow = TimeSpan.FromSeconds(301) },
        { "RetryHint", "-00:00:01", "00:00:00 to 01:00:00, or leave it out", o => o.RetryHint = TimeSpan.FromSeconds(-1) },
        { "RetryHint", "02:00:00", "00:00:00 to 01:00:00", o => o.RetryHint = TimeSpan.FromHours(2) },
        { "DetachAfter", "-00:00:01", "00:00:00 to 00:05:00.", o => o.DetachAfter = TimeSpan.FromSeconds(-1) },
        { "DetachAfter", "00:06:00", "00:00:00 to 00:05:00", o => o.DetachAfter = TimeSpan.FromMinutes(6) },
        { "FlushPolicy", "null", "FlushPolicy.Immediate or FlushPolicy.Window(delay)", o => o.FlushPolicy = null! },
        { "FlushPolicy.Delay", "00:00:11", "00:00:00.0010000 to 00:00:10, or 00:00:00 to flush at once", o => o.FlushPolicy = new FlushPolicy(TimeSpan.FromSeconds(11)) },
        { "FlushPolicy.Bytes", "0", "1 to 16,777,216 bytes", o => o.FlushPolicy = new FlushPolicy(TimeSpan.FromSeconds(1), 0) },
        { "UnflushedLimitBytes", "255", "256 to 16,777,216 bytes", o => o.UnflushedLimitBytes = 255 },
        { "ChannelCapacity", "0", "1 to 1,000,000 events", o => o.ChannelCapacity = 0 },
        { "ChannelCapacity", "1,000,001", "1 to 1,000,000 events", o => o.ChannelCapacity = 1_000_001 },
        { "MaxFrameBytes", "10", "256 to 1,073,741,824 bytes", o => o.MaxFrameBytes = 10 },
        { "MaxDocumentBytes", "-1", "256 to 1,073,741,824 bytes", o => o.MaxDocumentBytes = -1 },
        { "WriteTimeout", "00:00:00.5000000", "00:00:01 to 01:00:00, or -00:00:00.001 for no limit", o => o.WriteTimeout = TimeSpan.FromSeconds(0.5) },
        { "WriteTimeout", "00:00:00", "00:00:01 to 01:00:00", o => o.WriteTimeout = TimeSpan.Zero },
        { "MaxAge", "00:00:00", "00:00:01 to 30.00:00:00, or -00:00:00.001 for no limit", o => o.MaxAge = TimeSpan.Zero },
        { "DrainTimeout", "-00:00:01", "00:00:00 to 01:00:00", o => o.DrainTimeout = TimeSpan.FromSeconds(-1) },
        { "SlowClientBudgetBytes", "1,023", "1,024 to 1,073,741,824 bytes", o => o.SlowClientBudgetBytes = 1023 },
        { "OpeningPaddingBytes", "-1", "0 to 65,536 bytes", o => o.OpeningPaddingBytes = -1 },
        { "OpeningPaddingBytes", "65,537", "0 to 65,536 bytes", o => o.OpeningPaddingBytes = 65_537 },
        { "OpeningPaddingBytes", "129", "0 to 128 bytes", o => (o.OpeningPaddingBytes, o.MaxFrameBytes) = (129, 256) },
        { "MaxStreams", "0", "at least 1, or leave it out for no limit", o => o.MaxStreams = 0 },
        { "MaxStreamsPerEndpoint", "-1", "at least 1, or leave it out for no limit", o => o.MaxStreamsPerEndpoint = -1 },
        { "MaxStreamsPerClient", "0", "at least 1, or leave it out for no limit", o => o.MaxStreamsPerClient = 0 },
        { "MaxCompressedStreams", "0", "1 to 1,000,000 streams", o => o.MaxCompressedStreams = 0 },
        { "MaxCompressedStreams", "1,000,001", "1 to 1,000,000 streams", o => o.MaxCompressedStreams = 1_000_001 },
        { "RequestIdleTimeout", "00:00:00.5000000", "00:00:01 to 1.00:00:00", o => o.RequestIdleTimeout = TimeSpan.FromSeconds(0.5) },
        { "MaxRequestRecordBytes", "0", "1 to 1,073,741,824 bytes", o => o.MaxRequestRecordBytes = 0 },
        { "MaxRequestBodyBytes", "0", "at least 1 byte", o => o.MaxRequestBodyBytes = 0 },
        { "Logs:MaxTotalBytes", "65535", "65,536 bytes", o => o.Logs.MaxTotalBytes = 65_535 },
        { "Logs:Lease", "00:00:00.5000000", "00:00:01", o => o.Logs.Lease = TimeSpan.FromSeconds(0.5) },
        { "Logs:StoreDelay", "-00:00:01", "00:00:00", o => o.Logs.StoreDelay = TimeSpan.FromSeconds(-1) },
        { "Logs:StoreBatchBytes", "0", "1 byte", o => o.Logs.StoreBatchBytes = 0 },
        { "Logs:MaxStoreLag", "0", "1 event", o => o.Logs.MaxStoreLag = 0 },
        { "Logs:PollInterval", "00:00:00.0090000", "00:00:00.010", o => o.Logs.PollInterval = TimeSpan.FromMilliseconds(9) },
        { "SlowClientPolicy", "7", "Wait, Disconnect, DropOldest, MergeDeltas", o => o.SlowClientPolicy = (SlowClientPolicy)7 },
        { "DrainMode", "-1", "one of ", o => o.DrainMode = (DrainMode)(-1) },
        { "NdjsonKeepAlive", "3", "None, BlankLine, Record", o => o.NdjsonKeepAlive = (NdjsonKeepAlive)3 },
        { "Compression", "4", "None, Gzip, Brotli, or \"Gzip, Brotli\"", o => o.Compression = (StreamCompression)4 },
        { "ErrorEventName", "is empty", "such as gai.error", o => o.ErrorEventName = "" },
        { "ErrorEventName", "line break", "ErrorEventName is not a name", o => o.ErrorEventName = "a\nb" },
    };

    public static TheoryData<Action<EventStreamOptions>> Borders => new()
    {
        { o => o.KeepAliveInterval = TimeSpan.Zero },
        { o => o.KeepAliveInterval = TimeSpan.FromSeconds(1) },
        { o => o.KeepAliveInterval = TimeSpan.FromHours(1) },
        { o => o.CommitWindow = TimeSpan.Zero },
        { o => o.CommitWindow = Timeout.InfiniteTimeSpan },
        { o => o.CommitWindow = TimeSpan.FromMinutes(5) },
        { o => o.RetryHint = TimeSpan.Zero },
        { o => o.DetachAfter = TimeSpan.Zero },
        { o => o.FlushPolicy = FlushPolicy.Window(TimeSpan.FromMilliseconds(1), 1) },
        { o => o.UnflushedLimitBytes = 256 },
        { o => o.ChannelCapacity = 1_000_000 },
        { o => o.MaxFrameBytes = 1 << 30 },
        { o => o.MaxDocumentBytes = 256 },
        { o => o.ErrorEventName = "error" },
        { o => o.WriteTimeout = Timeout.InfiniteTimeSpan },
        { o => o.WriteTimeout = TimeSpan.FromSeconds(1) },
        { o => o.MaxAge = TimeSpan.FromDays(30) },
        { o => o.DrainTimeout = TimeSpan.Zero },
        { o => (o.MaxStreams, o.MaxStreamsPerEndpoint, o.MaxStreamsPerClient) = (1, 1, 1) },
        { o => (o.OpeningPaddingBytes, o.MaxFrameBytes) = (128, 256) },
        { o => o.SlowClientBudgetBytes = 1024 },
        { o => (o.MaxRequestRecordBytes, o.MaxRequestBodyBytes) = (1, 1) },
        { o => (o.Logs.MaxTotalBytes, o.Logs.StoreBatchBytes, o.Logs.MaxStoreLag) = (65_536, 1, 1) },
        { o => (o.Logs.Lease, o.Logs.StoreDelay, o.Logs.PollInterval) = (TimeSpan.FromSeconds(1), TimeSpan.Zero, TimeSpan.FromMilliseconds(10)) },
        { o => (o.Compression, o.MaxCompressedStreams) = (StreamCompression.Gzip | StreamCompression.Brotli, 1) },
    };

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void Validate_ValueOutOfRange_NamesSettingValueAndRemedy(string setting, string value, string remedy, Action<EventStreamOptions> change)
    {
        var options = new EventStreamOptions();
        change(options);

        ValidateOptionsResult result = new EventStreamOptionsValidator().Validate(null, options);

        string message = Assert.Single(result.Failures!);
        Assert.StartsWith(setting, message, StringComparison.Ordinal);
        Assert.Contains(value, message, StringComparison.Ordinal);
        Assert.Contains(remedy, message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Borders), DisableDiscoveryEnumeration = true)]
    public void Validate_ValueAtBorder_Succeeds(Action<EventStreamOptions> change)
    {
        var options = new EventStreamOptions();
        change(options);

        Assert.True(new EventStreamOptionsValidator().Validate(null, options).Succeeded);
    }

    [Fact]
    public void Validate_SeveralBadValues_NamesAll()
    {
        var options = new EventStreamOptions { ChannelCapacity = 0, MaxFrameBytes = 0, DetachAfter = TimeSpan.FromDays(1) };

        Assert.Equal(3, new EventStreamOptionsValidator().Validate(null, options).Failures!.Count());
    }

    [Fact]
    public async Task Start_BadOption_StopsTheHost()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddGaiPipelines(options => options.ChannelCapacity = 0);
        using IHost host = builder.Build();

        OptionsValidationException failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("ChannelCapacity is 0.", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>Each may be good by itself, and both together not.</summary>
    [Fact]
    public async Task Start_OptionOfAnEndpointThatIsBadBesideTheApplications_StopsTheHost()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRouting();
        builder.Services.AddGaiPipelines(options => options.MaxFrameBytes = 64 * 1024);
        await using WebApplication app = builder.Build();
        app.MapGroup("/a").WithEventStreamOptions(options => options.OpeningPaddingBytes = 64 * 1024).MapGet("/b", () => "c");

        OptionsValidationException failure = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync());

        Assert.Contains("/a/b: OpeningPaddingBytes is 65,536.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithEventStreamOptions_BadOption_ThrowsWhereItIsMapped()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        WebApplication app = builder.Build();
        RouteGroupBuilder group = app.MapGroup("/a");

        OptionsValidationException failure = Assert.Throws<OptionsValidationException>(
            () => group.WithEventStreamOptions(options => options.KeepAliveInterval = TimeSpan.FromMilliseconds(1)));

        Assert.Contains("KeepAliveInterval is 00:00:00.0010000.", failure.Message, StringComparison.Ordinal);
    }
}
