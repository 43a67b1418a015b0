namespace Gai.Pipelines.Hosting;

/// <summary>Names the content codings in which streams may be sent to clients that accept them.</summary>
[Flags]
public enum StreamCompression
{
    /// <summary>None: streams are sent as they are.</summary>
    None = 0,

    /// <summary>gzip (RFC 1952). Where a client accepts both as gladly, it is taken: flushed with each event it is smaller than Brotli, and costs less time and memory.</summary>
    Gzip = 1,

    /// <summary>Brotli (RFC 7932), for clients that want nothing else.</summary>
    Brotli = 2,
}
