using System.Diagnostics;
using System.Diagnostics.Metrics;
using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;

namespace Gai.Pipelines.Hosting;

/// <summary>Tells of whole streams: how many are open, how each has ended, and one activity each. What happens meanwhile <see cref="StreamMetrics"/> tells.</summary>
internal sealed class StreamTelemetry
{
    public const string SourceName = StreamMetrics.MeterName;

    private static readonly ActivitySource Activities = new(SourceName);

    private readonly Histogram<double> _duration;
    private readonly Counter<long> _refused;

    public StreamTelemetry(IMeterFactory meters, StreamRegistry streams)
    {
        Meter meter = meters.Create(StreamMetrics.MeterName);
        _duration = meter.CreateHistogram(
            "gai.stream.duration",
            "s",
            "How long a stream was open.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14400] });
        _refused = meter.CreateCounter<long>("gai.stream.refused", "{stream}", "Streams that never began: not acceptable, over already, beyond a limit, or while the server shuts down.");

        // Observed and not counted up and down: who begins to listen gets the right number at once.
        meter.CreateObservableUpDownCounter("gai.stream.active", () => streams.Count, "{stream}", "Streams that are open.");
        meter.CreateObservableUpDownCounter(
            "gai.stream.detached_sources", () => DetachedSources.Count, "{source}", "Sources of ended streams, in this process, that ignored their cancellation and have not returned.");
    }

    /// <summary>Begins the activity of a stream, if somebody listens. What its source does becomes part of it.</summary>
    /// <remarks>Of the responses that read one log, all are linked to the one that began it.</remarks>
    public static Activity? Begin(HttpContext context, StreamFormat format, StreamLog? log)
    {
        Activity? activity = Activities.StartActivity("gai.stream");
        if (activity is not null && log is not null && Reading.Of(log).LinkOf(activity) is { } begun)
        {
            activity.AddLink(new ActivityLink(begun));
        }

        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("gai.stream.format", format.MediaType());
            activity.SetTag("http.route", RouteOf(context));
        }

        return activity;
    }

    /// <summary>Begins the activity of a producer, if somebody listens. What its source does becomes part of it.</summary>
    /// <param name="begunBy">The activity of the request that begins the stream.</param>
    /// <remarks>
    /// The root of a trace of its own, linked to the request and not its child. OpenTelemetry's overview, "Links between spans": "A new linked Trace may also represent a long running asynchronous data
    /// processing operation that was initiated by one of many fast incoming requests." As a child it would be missing in the trace of a request that was sampled, or sent, when the request ended.
    /// </remarks>
    public static Activity? BeginProducing(ActivityContext? begunBy) =>
        Activities.StartActivity(ActivityKind.Internal, parentContext: default, links: begunBy is { } request ? [new ActivityLink(request)] : null, name: "gai.produce");

    public static void EndProducing(Activity? activity, in StreamOutcome outcome)
    {
        if (activity is { IsAllDataRequested: true })
        {
            Describe(activity, outcome);
        }

        activity?.Dispose();
    }

    public void OnEnd(HttpContext context, Activity? activity, TimeSpan duration, in StreamOutcome outcome)
    {
        if (_duration.Enabled)
        {
            var tags = new TagList { { "gai.stream.outcome", NameOf(outcome.Reason) } };
            if (RouteOf(context) is { } route)
            {
                tags.Add("http.route", route);
            }

            _duration.Record(duration.TotalSeconds, tags);
        }

        if (activity is { IsAllDataRequested: true })
        {
            Describe(activity, outcome);
        }
    }

    public void OnRefused(HttpContext context)
    {
        if (_refused.Enabled)
        {
            _refused.Add(1, new KeyValuePair<string, object?>("http.response.status_code", context.Response.StatusCode));
        }
    }

    /// <summary>Takes a request that streams out of the framework's <c>http.server.request.duration</c>, whose figures it would make useless.</summary>
    public static void LeaveRequestDuration(HttpContext context)
    {
        if (context.Features.Get<IHttpMetricsTagsFeature>() is { } metrics)
        {
            metrics.MetricsDisabled = true;
        }
    }

    private static void Describe(Activity activity, in StreamOutcome outcome)
    {
        activity.SetTag("gai.stream.outcome", NameOf(outcome.Reason));
        activity.SetTag("gai.stream.events", outcome.Events);
        activity.SetTag("gai.stream.bytes", outcome.Bytes);
        activity.SetTag("gai.stream.flushes", outcome.Flushes);
        if (outcome.Dropped > 0)
        {
            activity.SetTag("gai.stream.dropped", outcome.Dropped);
        }

        if (outcome.Merged > 0)
        {
            activity.SetTag("gai.stream.merged", outcome.Merged);
        }

        if (outcome.Reason == StreamOutcomeReason.SourceFailed)
        {
            activity.SetTag("error.type", outcome.Exception?.GetType().FullName);
            activity.SetStatus(ActivityStatusCode.Error);
        }
    }

    private static string? RouteOf(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route;

    private static string NameOf(StreamOutcomeReason reason) => reason switch
    {
        StreamOutcomeReason.Completed => "completed",
        StreamOutcomeReason.ClientGone => "client_gone",
        StreamOutcomeReason.SourceFailed => "source_failed",
        StreamOutcomeReason.Drained => "drained",
        StreamOutcomeReason.TooSlow => "too_slow",
        StreamOutcomeReason.Expired => "expired",
        StreamOutcomeReason.Unauthorized => "unauthorized",
        StreamOutcomeReason.Cancelled => "cancelled",
        _ => "refused",
    };
}
