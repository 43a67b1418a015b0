using System.Runtime.CompilerServices;
using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Hosting;

/// <summary>The options of an endpoint, in the form in which streams use them. Made once, shared by all its streams.</summary>
internal sealed class EventStreamProfile
{
    // A connection of Kestrel and a stream take 17 KiB before anything waits; with blocks that are not quite full it is this.
    private const int ConnectionBytes = 40 * 1024;

    // A joined delta is flushed whole, and is then that much larger than what is flushed at once otherwise.
    private const int JoinedBytes = 32 * 1024;

    private readonly Func<Exception, StreamError?>? _describe;

    public EventStreamProfile(EventStreamOptions options, StreamScheduler scheduler, StreamMetrics? metrics)
    {
        ChannelCapacity = options.ChannelCapacity;
        MaxDocumentBytes = options.MaxDocumentBytes;
        IncludeExceptionText = options.IncludeExceptionText;
        _describe = options.DescribeFailure;
        MaxStreams = options.MaxStreamsPerEndpoint;
        Compression = options.Compression;
        Authorization = new AuthorizationChecks(
            options.EndWhenTicketExpires,
            options.MayGoOn,
            options.KeepAliveInterval > TimeSpan.Zero ? options.KeepAliveInterval : PumpSettings.Default.KeepAliveInterval,
            options.DetachAfter);
        Dialect = new DialectSettings
        {
            EventIds = options.EventIds,
            RetryHint = options.RetryHint,
            Timestamps = options.Timestamps,
            NdjsonKeepAlive = options.NdjsonKeepAlive,
            OpeningPaddingBytes = options.OpeningPaddingBytes,
            ErrorEventName = new EventName(options.ErrorEventName),
            TimeProvider = scheduler.TimeProvider,
        };
        Pump = new PumpSettings
        {
            FlushPolicy = options.FlushPolicy,
            UnflushedLimitBytes = options.UnflushedLimitBytes,
            KeepAliveInterval = options.KeepAliveInterval,
            CommitWindow = options.CommitWindow,
            WriteTimeout = options.WriteTimeout,
            SlowClientPolicy = options.SlowClientPolicy,
            SlowClientBudgetBytes = BudgetOfEvents(options),
            MaxAge = options.MaxAge,
            DetachAfter = options.DetachAfter,
            MaxFrameBytes = options.MaxFrameBytes,
            DescribeFailure = Describe,
            Scheduler = scheduler,
            Metrics = metrics,
        };

        // An event of a log has been found small enough when it was written, maybe through an endpoint that allows more.
        Reader = Pump with { SlowClientPolicy = SlowClientPolicy.Wait, MaxFrameBytes = FrameWriter.NoLimit };
        Request = new RequestLimits(
            options.RequestIdleTimeout,
            options.MaxRequestBodyBytes,
            new NdjsonReaderOptions { MaxRecordBytes = options.MaxRequestRecordBytes });
        Document = Pump with { CommitWindow = Timeout.InfiniteTimeSpan, KeepAliveInterval = TimeSpan.Zero, FlushPolicy = FlushPolicy.Immediate };
    }

    /// <summary>What the budget leaves for events: the flush with which Kestrel has more than its 64 KiB, and the connection, are held for the client as well.</summary>
    private static long BudgetOfEvents(EventStreamOptions options)
    {
        int flushBytes = options.UnflushedLimitBytes + (options.SlowClientPolicy == SlowClientPolicy.MergeDeltas ? JoinedBytes : 0);
        return Math.Max(options.SlowClientBudgetBytes / 2, options.SlowClientBudgetBytes - flushBytes - ConnectionBytes);
    }

    /// <summary>Says what a client learns of a failure.</summary>
    /// <remarks>What the application throws to that is not the failure, which is logged all the same.</remarks>
    public StreamError Describe(Exception failure)
    {
        try
        {
            return StreamFailure.Describe(failure, _describe, IncludeExceptionText);
        }
        catch (Exception)
        {
            return StreamError.Internal;
        }
    }

    public int ChannelCapacity { get; }

    /// <summary>How many streams the endpoint may have.</summary>
    public int? MaxStreams { get; }

    /// <summary>The codings that the endpoint offers.</summary>
    public StreamCompression Compression { get; }

    public AuthorizationChecks Authorization { get; }

    public int MaxDocumentBytes { get; }

    private bool IncludeExceptionText { get; }

    public DialectSettings Dialect { get; }

    public PumpSettings Pump { get; }

    /// <summary>The settings of a response that reads a log: what waits for a slow client is the log itself.</summary>
    public PumpSettings Reader { get; }

    public RequestLimits Request { get; }

    /// <summary>The settings of a stream that is collected into one document: nobody sees it before its end.</summary>
    public PumpSettings Document { get; }
}

/// <summary>Finds the profile of an endpoint.</summary>
internal sealed class EventStreamProfiles(IOptions<EventStreamOptions> options, StreamScheduler scheduler, StreamMetrics? metrics)
{
    private readonly EventStreamProfile _default = new(options.Value, scheduler, metrics);
    private readonly ConditionalWeakTable<Endpoint, EventStreamProfile> _ofEndpoints = [];

    public EventStreamProfile Of(Endpoint? endpoint) =>
        endpoint?.Metadata.GetMetadata<EndpointOptionsMetadata>() is null
            ? _default
            : _ofEndpoints.GetValue(endpoint, Make);

    private EventStreamProfile Make(Endpoint endpoint)
    {
        EventStreamOptions own = options.Value.Clone();
        foreach (EndpointOptionsMetadata metadata in endpoint.Metadata.GetOrderedMetadata<EndpointOptionsMetadata>())
        {
            metadata.Configure(own);
        }

        EventStreamOptionsValidator.ThrowIfInvalid(own, of: $"{endpoint.DisplayName}: ");
        return new EventStreamProfile(own, scheduler, metrics);
    }
}

/// <summary>What an endpoint changes about the options.</summary>
internal sealed record EndpointOptionsMetadata(Action<EventStreamOptions> Configure);

/// <summary>The limits of a request body of records.</summary>
internal sealed record RequestLimits(TimeSpan IdleTimeout, long MaxBodyBytes, NdjsonReaderOptions Reader);
