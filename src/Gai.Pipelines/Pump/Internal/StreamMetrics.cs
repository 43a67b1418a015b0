using System.Diagnostics.Metrics;

namespace Gai.Pipelines.Internal;

/// <summary>What is measured of streams while they run, at the granularity of flushes.</summary>
/// <remarks>Without tags: an addition to an instrument that somebody listens to is then some nanoseconds and no allocation.</remarks>
internal sealed class StreamMetrics(Meter meter)
{
    public const string MeterName = "Gai.Pipelines";

    private static readonly InstrumentAdvice<double> Waits = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    };

    private static readonly InstrumentAdvice<long> Batches = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] };

    /// <summary>Whether somebody listens to anything that a flush tells.</summary>
    public bool MeasuresFlushes =>
        Events.Enabled || Bytes.Enabled || Flushes.Enabled || EventsPerFlush.Enabled || FirstEvent.Enabled || FlushGap.Enabled ||
        ProducerWait.Enabled || Dropped.Enabled || Merged.Enabled || KeepAlives.Enabled;

    public Counter<long> Events { get; } = meter.CreateCounter<long>("gai.stream.events", "{event}", "Events that were flushed.");

    public Counter<long> Bytes { get; } = meter.CreateCounter<long>("gai.stream.bytes", "By", "Bytes of frames that were flushed, before the transport's own framing.");

    public Counter<long> Flushes { get; } = meter.CreateCounter<long>("gai.stream.flushes", "{flush}", "How often frames were handed to the transport.");

    public Histogram<long> EventsPerFlush { get; } = meter.CreateHistogram("gai.stream.events_per_flush", "{event}", "Events of a flush that has some.", advice: Batches);

    public Histogram<double> FirstEvent { get; } = meter.CreateHistogram("gai.stream.time_to_first_event", "s", "From the start of a stream to the flush of its first event.", advice: Waits);

    public Histogram<double> FlushGap { get; } = meter.CreateHistogram("gai.stream.flush_gap", "s", "Between two flushes of a stream that carry events.", advice: Waits);

    public Histogram<double> ProducerWait { get; } = meter.CreateHistogram("gai.stream.producer_wait", "s", "How long a flush waited for the client.", advice: Waits);

    public Counter<long> Dropped { get; } = meter.CreateCounter<long>("gai.stream.dropped", "{event}", "Events that were dropped because the client was slow.");

    public Counter<long> Merged { get; } = meter.CreateCounter<long>("gai.stream.merged", "{event}", "Deltas that were joined to the one before them because the client was slow.");

    public Counter<long> KeepAlives { get; } = meter.CreateCounter<long>("gai.stream.keep_alives", "{keep_alive}", "Keep-alives that were written.");
}

/// <summary>Measures one stream. Made when somebody listens; only the pump calls it.</summary>
internal sealed class StreamProbe
{
    private readonly StreamMetrics _metrics;
    private readonly TimeProvider _time;
    private StreamCounts _told;
    private long? _firstEventSince;
    private long? _gapSince;
    private long? _waitSince;

    private StreamProbe(StreamMetrics metrics, TimeProvider time)
    {
        _metrics = metrics;
        _time = time;
    }

    /// <summary>Begins with a stream.</summary>
    public static StreamProbe AtStart(StreamMetrics metrics, TimeProvider time) => new(metrics, time) { _firstEventSince = time.GetTimestamp() };

    /// <summary>Begins with a stream that is under way: what it has sent before is not counted.</summary>
    public static StreamProbe UnderWay(StreamMetrics metrics, TimeProvider time, in StreamCounts before) => new(metrics, time) { _told = before };

    public void OnFlush(in StreamCounts now)
    {
        // A listener may throw, and must not be told again.
        StreamCounts told = _told;
        _told = now;
        long events = now.Events - told.Events;
        _metrics.Flushes.Add(1);
        _metrics.Bytes.Add(now.Bytes - told.Bytes);
        if (events > 0)
        {
            _metrics.Events.Add(events);
            _metrics.EventsPerFlush.Record(events);
            OnEvents(_time.GetTimestamp());
        }

        OnLosses(told, now);
    }

    public void OnFlushWaits() => _waitSince = _time.GetTimestamp();

    public void OnFlushed()
    {
        if (_waitSince is { } since)
        {
            // Before it is told: a listener may throw, and it must not be told again.
            _waitSince = null;
            _metrics.ProducerWait.Record(_time.GetElapsedTime(since).TotalSeconds);
        }
    }

    public void OnKeepAlive() => _metrics.KeepAlives.Add(1);

    /// <summary>Tells what no flush has told.</summary>
    public void OnEnd(in StreamCounts last)
    {
        OnFlushed();
        OnLosses(_told, last);
    }

    private void OnEvents(long now)
    {
        if (_firstEventSince is { } start)
        {
            _metrics.FirstEvent.Record(_time.GetElapsedTime(start, now).TotalSeconds);
            _firstEventSince = null;
        }
        else if (_gapSince is { } last)
        {
            _metrics.FlushGap.Record(_time.GetElapsedTime(last, now).TotalSeconds);
        }

        _gapSince = now;
    }

    private void OnLosses(in StreamCounts told, in StreamCounts now)
    {
        if (now.Dropped > told.Dropped)
        {
            _metrics.Dropped.Add(now.Dropped - told.Dropped);
        }

        if (now.Merged > told.Merged)
        {
            _metrics.Merged.Add(now.Merged - told.Merged);
        }
    }
}

/// <summary>What a stream has done so far.</summary>
internal readonly record struct StreamCounts(long Events, long Bytes, long Dropped, long Merged);
