using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.Hosting.Tests.Diagnostics;

/// <summary>What the activity of a stream says in the end.</summary>
public sealed class StreamTelemetryTests
{
    [Fact]
    public void OnEnd_StreamCompleted_TagsSayHowMuch()
    {
        using Activity activity = End(new StreamOutcome(StreamOutcomeReason.Completed, Events: 3, Bytes: 400, Flushes: 2, HeadSent: true));

        Assert.Equal(
            ("completed", 3L, 400L, 2L),
            (activity.GetTagItem("gai.stream.outcome"), activity.GetTagItem("gai.stream.events"), activity.GetTagItem("gai.stream.bytes"), activity.GetTagItem("gai.stream.flushes")));
        Assert.DoesNotContain(activity.TagObjects, static tag => tag.Key is "gai.stream.dropped" or "gai.stream.merged" or "error.type");
        Assert.Equal(ActivityStatusCode.Unset, activity.Status);
    }

    [Fact]
    public void OnEnd_EventsWereDroppedOrMerged_TagsSaySo()
    {
        using Activity activity = End(new StreamOutcome(StreamOutcomeReason.Completed, 3, 400, 2, HeadSent: true) { Dropped = 5, Merged = 7 });

        Assert.Equal((5L, 7L), (activity.GetTagItem("gai.stream.dropped"), activity.GetTagItem("gai.stream.merged")));
    }

    [Fact]
    public void OnEnd_SourceFailed_NamesTheTypeOfTheFailureAndNotItsText()
    {
        using Activity activity = End(new StreamOutcome(StreamOutcomeReason.SourceFailed, 3, 400, 2, HeadSent: true, new InvalidOperationException("secret")));

        Assert.Equal("System.InvalidOperationException", activity.GetTagItem("error.type"));
        Assert.Equal(ActivityStatusCode.Error, activity.Status);
        Assert.DoesNotContain(activity.TagObjects, static tag => $"{tag.Value}".Contains("secret", StringComparison.Ordinal));
    }

    private static Activity End(StreamOutcome outcome)
    {
        using ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var telemetry = new StreamTelemetry(services.GetRequiredService<IMeterFactory>(), new StreamRegistry());
        Activity activity = new Activity("gai.stream").Start();
        telemetry.OnEnd(new DefaultHttpContext(), activity, TimeSpan.Zero, outcome);
        return activity;
    }
}
