using Microsoft.AspNetCore.Http;

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

    private static Endpoint EndpointWith(params Action<EventStreamOptions>[] changes) =>
        new(null, new EndpointMetadataCollection(changes.Select(change => new EndpointOptionsMetadata(change))), "test");
}
