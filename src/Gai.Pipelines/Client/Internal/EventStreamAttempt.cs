using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Gai.Pipelines.Internal;

/// <summary>One connection of an <see cref="EventStreamClient"/>: from the request to the end of its response.</summary>
internal sealed class EventStreamAttempt : IAsyncDisposable
{
    internal const string LastEventIdHeader = "Last-Event-ID";

    private readonly Reconnection _reconnection;
    private readonly CancellationToken _cancellationToken;
    private HttpRequestMessage? _request;
    private HttpResponseMessage? _response;
    private IdleTimeoutPipeReader? _body;
    private SseReader? _reader;
    private IAsyncEnumerator<SseFrame>? _events;

    public EventStreamAttempt(Reconnection reconnection, CancellationToken cancellationToken)
    {
        _reconnection = reconnection;
        _cancellationToken = cancellationToken;
    }

    public SseFrame Current => _events!.Current;

    /// <summary>Sends the request. An attempt that fails in a way that the next may not has no events.</summary>
    /// <exception cref="HttpRequestException">The server refused for good.</exception>
    public async Task ConnectAsync(HttpClient http, Func<HttpRequestMessage> request)
    {
        try
        {
            _cancellationToken.ThrowIfCancellationRequested();
            _request = request() ?? throw new InvalidOperationException("The factory of requests returned null. It must make a new request for each attempt.");
            AddHeaders(_request);
            await SendAsync(http, _request);
        }
        catch (Exception failure)
        {
            _reconnection.OnLost(failure);
            throw;
        }
    }

    /// <summary>Reads the next event.</summary>
    /// <returns><see langword="false"/> if there is none: the response has ended, well or not, or never began.</returns>
    public async ValueTask<bool> TryReadAsync()
    {
        if (_events is null)
        {
            return false;
        }

        try
        {
            if (!await _events.MoveNextAsync())
            {
                return false;
            }

            _reconnection.OnEvent();
            return true;
        }
        catch (Exception failure)
        {
            _reconnection.OnLost(failure);
            if (IsLost(failure))
            {
                _cancellationToken.ThrowIfCancellationRequested();
                return false;
            }

            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_events is not null)
        {
            await _events.DisposeAsync();
            _reconnection.OnClosed(_reader!.LastEventId, _reader.ReconnectionTime);
        }

        if (_body is not null)
        {
            await _body.CompleteAsync();
        }

        // Not before: over HTTP/2 the body of the request may be on its way for as long as the response is.
        _response?.Dispose();
        _request?.Dispose();
    }

    private async Task SendAsync(HttpClient http, HttpRequestMessage request)
    {
        try
        {
            _response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _cancellationToken);
            if (_response.StatusCode == HttpStatusCode.OK && IsEventStream(_response))
            {
                await OpenAsync(_response);
                return;
            }
        }
        catch (HttpRequestException failure) when (IsIdRefused(failure))
        {
            throw new HttpRequestException(
                "The last event id is not ASCII, and the handler sends only ASCII in headers. " +
                "Set SocketsHttpHandler.RequestHeaderEncodingSelector to EventStreamClient.HeaderEncoding.",
                failure);
        }
        catch (Exception failure) when (IsLost(failure))
        {
            _cancellationToken.ThrowIfCancellationRequested();
            _reconnection.OnLost(failure);
            return;
        }

        if (_response.StatusCode == HttpStatusCode.NoContent)
        {
            _reconnection.OnNoContent();
        }
        else
        {
            Refuse(_response);
        }
    }

    private void AddHeaders(HttpRequestMessage request)
    {
        if (request.Headers.Accept.Count == 0)
        {
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        }

        request.Headers.CacheControl ??= new CacheControlHeaderValue { NoStore = true };
        if (!_reconnection.HasRead && request.Headers.NonValidated.TryGetValues(LastEventIdHeader, out HeaderStringValues resumed))
        {
            _reconnection.OnResumed(resumed.ToString());
        }

        request.Headers.Remove(LastEventIdHeader);
        if (_reconnection.LastEventId.Length > 0)
        {
            request.Headers.TryAddWithoutValidation(LastEventIdHeader, _reconnection.LastEventId);
        }
    }

    private async Task OpenAsync(HttpResponseMessage response)
    {
        EventStreamClientOptions options = _reconnection.Options;
        Stream body = await response.Content.ReadAsStreamAsync(_cancellationToken);
        _body = new IdleTimeoutPipeReader(PipeReader.Create(body), options.ReadTimeout, options.TimeProvider);
        _reader = new SseReader(_body, options.Reader, _reconnection.LastEventId);
        _events = _reader.ReadAsync(_cancellationToken).GetAsyncEnumerator(_cancellationToken);
        _reconnection.Report(EventStreamConnection.Open);
    }

    private void Refuse(HttpResponseMessage response)
    {
        int status = (int)response.StatusCode;
        var refusal = new HttpRequestException(
            status == 200
                ? $"The server answers with {response.Content.Headers.ContentType?.ToString() ?? "no content type"}, not with text/event-stream. Check the address."
                : $"The server refuses the stream with status {status} ({response.ReasonPhrase}).",
            inner: null,
            response.StatusCode);
        if (IsForGood(status))
        {
            throw refusal;
        }

        RetryConditionHeaderValue? asked = response.Headers.RetryAfter;
        _reconnection.OnRefused(asked?.Delta ?? asked?.Date - _reconnection.Options.TimeProvider.GetUtcNow(), refusal);
    }

    private static bool IsEventStream(HttpResponseMessage response) =>
        string.Equals(MediaType.Of(response.Content), "text/event-stream", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a connection was lost, or could not be made: trying again may help.</summary>
    private static bool IsLost(Exception failure) =>
        failure is IOException or OperationCanceledException or TimeoutException ||
        (failure is HttpRequestException { StatusCode: var status } && !(status is { } refusal && IsForGood((int)refusal)));

    /// <summary>Whether a status says that trying again is of no use.</summary>
    private static bool IsForGood(int status) => status is not (408 or 425 or 429) and < 500;

    /// <summary>Whether the handler has refused to send the id: it would refuse it for ever.</summary>
    private bool IsIdRefused(HttpRequestException failure) =>
        !Ascii.IsValid(_reconnection.LastEventId) &&
        failure is { InnerException: null, StatusCode: null, HttpRequestError: HttpRequestError.Unknown };
}
