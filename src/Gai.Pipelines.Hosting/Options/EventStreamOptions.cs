using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>Holds what an application can choose about its event streams, for all of them or for an endpoint.</summary>
/// <remarks>
/// Set it in <c>AddGaiPipelines</c>, or for an endpoint with <c>WithEventStreamOptions</c>. All values are checked when the
/// application starts. After that, changes have no effect.
/// </remarks>
public sealed class EventStreamOptions
{
    /// <summary>Gets or sets the longest silence before a keep-alive is written.</summary>
    /// <value>Default 15 s; <see cref="TimeSpan.Zero"/> turns keep-alives off, otherwise 1 s to 1 h. Proxies close silent connections after 10 to 100 s.</value>
    /// <remarks>Each silence is shortened by chance by up to a tenth, and where the interval is 5 s or more by up to another half second, so that streams that began together part, and those that are due about now are woken together.</remarks>
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Gets or sets what keeps a stream of records (NDJSON, JSON Lines) alive; in SSE a comment does.</summary>
    /// <value>Default <see cref="NdjsonKeepAlive.None"/>: a blank line or a record of its own breaks readers that do not expect it. For our own dialects.</value>
    public NdjsonKeepAlive NdjsonKeepAlive { get; set; }

    /// <summary>Gets or sets how many bytes of padding a stream of SSE begins with, as a comment, for proxies that hold back the first bytes.</summary>
    /// <value>Default 0: none. In bytes, 0 to 65,536, and at most half of <see cref="MaxFrameBytes"/>: it is part of the first frame. For our own dialects.</value>
    public int OpeningPaddingBytes { get; set; }

    /// <summary>Gets or sets how long the head of the response waits for the first event, so that an early failure gets a real status.</summary>
    /// <value>Default 1 s; <see cref="TimeSpan.Zero"/> sends the head at once, <see cref="Timeout.InfiniteTimeSpan"/> only with the first event, otherwise up to 5 min.</value>
    public TimeSpan CommitWindow { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets or sets the commit window of endpoints that speak a vendor's dialect, whose clients try again on a real 429 and are used to waiting.</summary>
    /// <value>Default 5 s, otherwise as <see cref="CommitWindow"/>. An endpoint's own <see cref="CommitWindow"/> goes first.</value>
    public TimeSpan VendorCommitWindow { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets when frames are flushed.</summary>
    /// <value>Default <see cref="FlushPolicy.Immediate"/>. In configuration <c>FlushPolicy:Delay</c> and <c>FlushPolicy:Bytes</c>.</value>
    public FlushPolicy FlushPolicy { get; set; } = FlushPolicy.Immediate;

    /// <summary>Gets or sets how many unflushed bytes are flushed although more events are ready.</summary>
    /// <value>Default 16 KiB, in bytes, 256 to 16 MiB.</value>
    public int UnflushedLimitBytes { get; set; } = 16 * 1024;

    /// <summary>Gets or sets how many events wait between a producer that pushes and the client before the producer waits.</summary>
    /// <value>Default 256, in events, 1 to 1,000,000.</value>
    public int ChannelCapacity { get; set; } = StreamSource.DefaultChannelCapacity;

    /// <summary>Gets or sets whether events of SSE are numbered in their field <c>id</c>.</summary>
    /// <value>Default <see langword="false"/>: an <c>EventSource</c> that connects again would send the number back to a server that does not resume.</value>
    public bool EventIds { get; set; }

    /// <summary>Gets or sets how long clients of SSE shall wait before they connect again.</summary>
    /// <value>Default <see langword="null"/>: it is left to them. Otherwise 0 to 1 h.</value>
    public TimeSpan? RetryHint { get; set; }

    /// <summary>Gets or sets whether events of the gai dialect carry a time stamp.</summary>
    /// <value>Default <see langword="false"/>.</value>
    public bool Timestamps { get; set; }

    /// <summary>Gets or sets the event name of an error in SSE.</summary>
    /// <value>Default <c>gai.error</c>. The original gai says <c>error</c>, which an <c>EventSource</c> cannot tell from a lost connection.</value>
    public string ErrorEventName { get; set; } = "gai.error";

    /// <summary>Gets or sets the most bytes that one frame may have.</summary>
    /// <value>Default 16 MiB, in bytes, 256 to 1 GiB.</value>
    public int MaxFrameBytes { get; set; } = FrameWriter.DefaultMaxFrameBytes;

    /// <summary>Gets or sets the most bytes of a stream that is sent as one JSON document and is held in memory until then.</summary>
    /// <value>Default 1 MiB, in bytes, 256 to 1 GiB. A stream that has more is answered with 406.</value>
    public int MaxDocumentBytes { get; set; } = 1024 * 1024;

    /// <summary>Gets or sets how long a flush may wait for its client: for so long it may take nothing, or too little of the up to 80 KiB that Kestrel holds for it.</summary>
    /// <value>Default 1 min; <see cref="Timeout.InfiniteTimeSpan"/> for no limit, otherwise 1 s to 1 h. After it the client is disconnected: Kestrel's own limit does not notice one that stands still.</value>
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Gets or sets what becomes of events while a client does not read.</summary>
    /// <value>Default <see cref="SlowClientPolicy.Wait"/>: the source waits.</value>
    public SlowClientPolicy SlowClientPolicy { get; set; }

    /// <summary>Gets or sets how many bytes a slow client may hold, beside the 64 KiB of Kestrel: the events that wait for it, the flush that waits, and its connection.</summary>
    /// <value>Default 256 KiB, in bytes, 1 KiB to 1 GiB. Half of it at least is for events, whose size is estimated. Not used by <see cref="SlowClientPolicy.Wait"/>.</value>
    public int SlowClientBudgetBytes { get; set; } = 256 * 1024;

    /// <summary>Gets or sets the greatest age of a stream.</summary>
    /// <value>
    /// Default <see cref="Timeout.InfiniteTimeSpan"/>: none; otherwise 1 s to 30 days. A stream is ended with a temporary error, up to a tenth earlier by
    /// chance. For load balancers that cut long connections, and for deployments that must move clients.
    /// </value>
    public TimeSpan MaxAge { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>Gets or sets what becomes of open streams when the server shuts down.</summary>
    /// <value>Default <see cref="DrainMode.Finish"/>. For all streams; an endpoint cannot change it.</value>
    public DrainMode DrainMode { get; set; }

    /// <summary>Gets or sets how long the server waits for open streams when it shuts down, farewells included.</summary>
    /// <value>Default 20 s, 0 to 1 h, and below the host's <c>ShutdownTimeout</c> (30 s). For all streams; an endpoint cannot change it.</value>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Gets or sets how many streams may be open at once on this server.</summary>
    /// <value>Default <see langword="null"/>: no limit; otherwise at least 1. One more is answered with 503 and a jittered <c>Retry-After</c>. For all streams; an endpoint cannot change it.</value>
    public int? MaxStreams { get; set; }

    /// <summary>Gets or sets how many streams of an endpoint may be open at once.</summary>
    /// <value>Default <see langword="null"/>: no limit; otherwise at least 1. One more is answered with 503 and a jittered <c>Retry-After</c>. In the options of a group, each of its endpoints has so many.</value>
    public int? MaxStreamsPerEndpoint { get; set; }

    /// <summary>Gets or sets how many streams a client may have open at once.</summary>
    /// <value>Default <see langword="null"/>: no limit; otherwise at least 1. One more is answered with 429 and a jittered <c>Retry-After</c>. For all streams; an endpoint cannot change it.</value>
    public int? MaxStreamsPerClient { get; set; }

    /// <summary>Gets or sets in which content codings streams are sent to clients that accept them. Each flush is compressed and sent whole, so no event waits for the next.</summary>
    /// <value>
    /// Default <see cref="StreamCompression.None"/>: who can choose a part of a stream and sees its length can guess what stands beside it (BREACH), compressed and encrypted or not.
    /// Turn it on where a stream holds no secrets beside text of others. One JSON document is not compressed.
    /// </value>
    public StreamCompression Compression { get; set; }

    /// <summary>Gets or sets how many streams may be compressed at once. Each takes up to 350 KiB of memory for its encoder.</summary>
    /// <value>Default 1,000, in streams, 1 to 1,000,000. One more is sent as it is. For all streams; an endpoint cannot change it.</value>
    public int MaxCompressedStreams { get; set; } = 1000;

    /// <summary>Gets or sets what tells clients apart for <see cref="MaxStreamsPerClient"/>.</summary>
    /// <value>
    /// Default <see langword="null"/>: the name identifier of the signed-in user, else the remote address (of IPv6 its /64 network). Behind a proxy use the framework's
    /// forwarded headers, or all clients are one. A key of <see langword="null"/> is not limited. For all streams; an endpoint cannot change it.
    /// </value>
    public Func<HttpContext, string?>? ClientKey { get; set; }

    /// <summary>Gets or sets whether a stream ends when the ticket of its request expires.</summary>
    /// <value>
    /// Default <see langword="false"/>. It is the ticket's <c>ExpiresUtc</c>, which cookies and bearer tokens have; one without it does not expire. The stream ends within 100 ms as
    /// <see cref="StreamOutcomeReason.Unauthorized"/>, with the error <c>unauthorized</c> and without end marker.
    /// </value>
    public bool EndWhenTicketExpires { get; set; }

    /// <summary>Gets or sets what is asked once a <see cref="KeepAliveInterval"/> whether the client of an open stream may still read.</summary>
    /// <value>
    /// Default <see langword="null"/>: nothing. <see langword="false"/> ends the stream as <see cref="EndWhenTicketExpires"/> does, and so does an exception, or no answer by the time of the next question; both are logged. It runs beside the
    /// handler: it may read the request and must not write the response. Where keep-alives are off, it is asked every 15 s.
    /// </value>
    public Func<HttpContext, ValueTask<bool>>? MayGoOn { get; set; }

    /// <summary>Gets or sets what clients are told of exceptions that are no <see cref="StreamErrorException"/>: a provider's, for example.</summary>
    /// <value>
    /// Default <see langword="null"/>. Returns <see langword="null"/> for an exception that it does not know. The code of the error decides the status of
    /// a response that has not begun: 429 for <see cref="StreamErrorCodes.RateLimited"/>, with its <c>Retry-After</c>. Everything in the error is sent.
    /// </value>
    public Func<Exception, StreamError?>? DescribeFailure { get; set; }

    /// <summary>Gets or sets how long the end of a stream waits for a source that ignores its cancellation.</summary>
    /// <value>Default 5 s, 0 to 5 min. After it the source is detached: it runs on by itself and is disposed of when it returns.</value>
    public TimeSpan DetachAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets whether clients are told the text of an exception.</summary>
    /// <value>Default <see langword="false"/>: it can hold secrets. For development.</value>
    public bool IncludeExceptionText { get; set; }

    /// <summary>Gets or sets how long a request body of records (<see cref="NdjsonBody{T}"/>) may bring nothing while it is waited for.</summary>
    /// <value>Default 2 min, 1 s to 24 h.</value>
    public TimeSpan RequestIdleTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Gets or sets the most bytes of a request body of records, in place of the server's limit.</summary>
    /// <value>Default 1 GiB, in bytes, at least 1.</value>
    public long MaxRequestBodyBytes { get; set; } = 1024L * 1024 * 1024;

    /// <summary>Gets or sets the most bytes of one record of a request body, its line end not counted.</summary>
    /// <value>Default 1 MiB, in bytes, 1 to 1 GiB.</value>
    public int MaxRequestRecordBytes { get; set; } = 1024 * 1024;

    /// <summary>Gets what the logs of resumable streams and topics share.</summary>
    /// <value>Never <see langword="null"/>. For all streams; an endpoint cannot change it.</value>
    public EventLogOptions Logs { get; private set; } = new();

    internal EventStreamOptions Clone()
    {
        var copy = (EventStreamOptions)MemberwiseClone();
        copy.Logs = Logs.Clone();
        return copy;
    }
}
