using System.Runtime.CompilerServices;
using System.Text;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Reads Server-Sent Events over HTTP, and comes back when the connection is lost (WHATWG HTML 9.2.3).</summary>
/// <remarks>
/// As <c>EventSource</c>, but with any method, body and headers, over HTTP/1.1 and HTTP/2; with backoff and jitter, with
/// <c>Retry-After</c>, and with a timeout that notices a half-open connection. Thread-safe: each call reads a stream of its own.
/// </remarks>
public sealed class EventStreamClient
{
    private readonly HttpClient _http;
    private readonly EventStreamClientOptions _options;

    /// <summary>Makes a client.</summary>
    /// <param name="http">The HTTP client. It stays the caller's. Its <see cref="HttpClient.Timeout"/> covers the time to the response's head, not the stream.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    public EventStreamClient(HttpClient http, EventStreamClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        _http = http;
        _options = options ?? EventStreamClientOptions.Default;
    }

    /// <summary>Gets what makes a handler send ids that are not ASCII, as UTF-8, which is how the standard has them sent.</summary>
    /// <value>For <see cref="SocketsHttpHandler.RequestHeaderEncodingSelector"/>, which otherwise refuses to send them. All other headers are left as they are.</value>
    public static HeaderEncodingSelector<HttpRequestMessage> HeaderEncoding { get; } =
        static (name, _) => name.Equals(EventStreamAttempt.LastEventIdHeader, StringComparison.OrdinalIgnoreCase) ? Encoding.UTF8 : null;

    /// <summary>Reads the events of an address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>The events, to be enumerated once. The bytes of each are valid until the next is asked for or the enumeration is left.</returns>
    /// <exception cref="HttpRequestException">The server refused the request for good.</exception>
    public IAsyncEnumerable<SseFrame> ReadAsync(Uri address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        return ReadAsync(
            () => new HttpRequestMessage(HttpMethod.Get, address) { Version = _http.DefaultRequestVersion, VersionPolicy = _http.DefaultVersionPolicy },
            cancellationToken);
    }

    /// <summary>Reads the events that a request is answered with.</summary>
    /// <param name="request">Makes the request, anew for each attempt, and is asked again whenever the client comes back. <c>Accept</c>, <c>Cache-Control</c> and <c>Last-Event-ID</c> are added to it. A <c>Last-Event-ID</c> of its own is where the stream is resumed from until a response has been read; then only what the server says counts.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>
    /// The events, to be enumerated once. The bytes of each are valid until the next is asked for or the enumeration is left. The enumeration ends when
    /// the server answers 204, or when the last id said that the stream is over (<see cref="TerminalEventId"/>).
    /// </returns>
    /// <exception cref="HttpRequestException">
    /// The server refused the request for good: with a 4xx other than 408, 425 and 429, or with something that is no event
    /// stream; or the stream was lost and <see cref="EventStreamClientOptions.ResumeOnly"/> forbids to begin it anew; or the
    /// last id is not ASCII and the handler cannot send it (<see cref="HeaderEncoding"/>).
    /// </exception>
    /// <exception cref="StreamReadException">A line or an event is larger than the limit.</exception>
    public IAsyncEnumerable<SseFrame> ReadAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return EnumerateAsync(request, cancellationToken);
    }

    private async IAsyncEnumerable<SseFrame> EnumerateAsync(
        Func<HttpRequestMessage> request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reconnection = new Reconnection(_options);
        try
        {
            while (!reconnection.IsOver)
            {
                reconnection.Report(EventStreamConnection.Connecting);
                await using (var attempt = new EventStreamAttempt(reconnection, cancellationToken))
                {
                    await attempt.ConnectAsync(_http, request);
                    while (await attempt.TryReadAsync())
                    {
                        yield return attempt.Current;
                    }
                }

                await reconnection.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            reconnection.Report(EventStreamConnection.Closed);
        }
    }
}
