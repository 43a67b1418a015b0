using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Hosting.Tests.Options;

public sealed class EventStreamProfilesTests : IDisposable
{
    private readonly StreamScheduler _scheduler = new(TimeProvider.System);
    private readonly EventStreamProfiles _profiles;

    public EventStreamProfilesTests() => _profiles = new EventStreamProfiles(
        Microsoft.Extensions.Options.Options.Create(new EventStreamOptions { ChannelCapacity = 10, MaxDocumentBytes = 1000 }), _scheduler, null);

    public void Dispose() => _scheduler.Dispose();

    [Fact]
    public void Of_EndpointWithoutOptions_GivesTheApplications()
    {
        Assert.Equal(10, _profiles.Of(null).ChannelCapacity);
        Assert.Same(_profiles.Of(null), _profiles.Of(EndpointWith()));
    }

    [Fact]
    public void Of_EndpointWithOptions_ChangesACopy()
    {
        EventStreamProfile own = _profiles.Of(EndpointWith(o => o.ChannelCapacity = 3));

        Assert.Equal(3, own.ChannelCapacity);
        Assert.Equal(1000, own.MaxDocumentBytes);
        Assert.Equal(10, _profiles.Of(null).ChannelCapacity);
    }

    /// <summary>Each of two changes may be good and both together not.</summary>
    [Fact]
    public void Of_EndpointWithBadOptions_Throws()
    {
        Endpoint endpoint = EndpointWith(o => o.OpeningPaddingBytes = 2000, o => o.MaxFrameBytes = 1000);

        OptionsValidationException failure = Assert.Throws<OptionsValidationException>(() => _profiles.Of(endpoint));

        Assert.Contains("OpeningPaddingBytes is 2,000.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_GroupAndEndpoint_LastOneWins() =>
        Assert.Equal(4, _profiles.Of(EndpointWith(o => o.ChannelCapacity = 3, o => o.ChannelCapacity++)).ChannelCapacity);

    [Fact]
    public void Of_SameEndpoint_MakesTheProfileOnce()
    {
        int calls = 0;
        Endpoint endpoint = EndpointWith(_ => calls++);

        Assert.Same(_profiles.Of(endpoint), _profiles.Of(endpoint));
        Assert.Equal(1, calls);
    }

    [Fact]
    public void Profile_Options_ReachPumpAndDialect()
    {
        var options = new EventStreamOptions
        {
            KeepAliveInterval = TimeSpan.FromSeconds(7),
            CommitWindow = TimeSpan.FromSeconds(2),
            FlushPolicy = FlushPolicy.Window(TimeSpan.FromMilliseconds(9), 99),
            UnflushedLimitBytes = 300,
            DetachAfter = TimeSpan.FromSeconds(3),
            MaxFrameBytes = 400,
            EventIds = true,
            RetryHint = TimeSpan.FromSeconds(4),
            Timestamps = true,
            ErrorEventName = "oops",
        };

        var profile = new EventStreamProfile(options, _scheduler, null);

        Assert.Equal(
            (options.KeepAliveInterval, options.CommitWindow, options.FlushPolicy, 300, options.DetachAfter, 400, _scheduler),
            (profile.Pump.KeepAliveInterval, profile.Pump.CommitWindow, profile.Pump.FlushPolicy, profile.Pump.UnflushedLimitBytes,
                profile.Pump.DetachAfter, profile.Pump.MaxFrameBytes, profile.Pump.Scheduler));
        Assert.Equal(
            (true, options.RetryHint, true, "oops"),
            (profile.Dialect.EventIds, profile.Dialect.RetryHint, profile.Dialect.Timestamps, profile.Dialect.ErrorEventName.Value));

        // A document that nobody sees before its end needs no signs of life.
        Assert.Equal((TimeSpan.Zero, Timeout.InfiniteTimeSpan), (profile.Document.KeepAliveInterval, profile.Document.CommitWindow));
    }

    [Fact]
    public void Profile_OptionsOfRequests_ReachTheirReader()
    {
        var profile = new EventStreamProfile(
            new() { RequestIdleTimeout = TimeSpan.FromSeconds(3), MaxRequestBodyBytes = 5000, MaxRequestRecordBytes = 70 }, _scheduler, null);

        Assert.Equal(
            (TimeSpan.FromSeconds(3), 5000, 70),
            (profile.Request.IdleTimeout, profile.Request.MaxBodyBytes, profile.Request.Reader.MaxRecordBytes));
    }

    /// <summary>A client may take its budget: what connection and flush take is not left for events, but half of it is in any case.</summary>
    [Theory]
    [InlineData(SlowClientPolicy.DropOldest, 1 << 20, 1 << 14, (1 << 20) - (1 << 14) - (40 << 10))]
    [InlineData(SlowClientPolicy.MergeDeltas, 1 << 20, 1 << 14, (1 << 20) - (1 << 14) - (40 << 10) - (32 << 10))]
    [InlineData(SlowClientPolicy.DropOldest, 1 << 16, 1 << 14, 1 << 15)]
    [InlineData(SlowClientPolicy.DropOldest, 1 << 10, 1 << 20, 1 << 9)]
    public void Profile_BudgetOfASlowClient_IsLessWhatItsConnectionTakes(SlowClientPolicy policy, int budget, int unflushed, int expected)
    {
        var options = new EventStreamOptions { SlowClientPolicy = policy, SlowClientBudgetBytes = budget, UnflushedLimitBytes = unflushed };

        Assert.Equal(expected, new EventStreamProfile(options, _scheduler, null).Pump.SlowClientBudgetBytes);
    }

    [Theory]
    [InlineData(0, 15)]
    [InlineData(7, 7)]
    public void Profile_ChecksOfAuthorization_ComeWithKeepAlivesOrWhenThoseWouldCome(int keepAlive, int expected) => Assert.Equal(
        TimeSpan.FromSeconds(expected),
        new EventStreamProfile(new() { KeepAliveInterval = TimeSpan.FromSeconds(keepAlive) }, _scheduler, null).Authorization.Interval);

    private static Endpoint EndpointWith(params Action<EventStreamOptions>[] changes) =>
        new(null, new EndpointMetadataCollection(changes.Select(change => new EndpointOptionsMetadata(change))), "test");
}
