using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;

namespace Gai.Pipelines.Internal;

/// <summary>One connection of an <see cref="EventStreamClient"/>: from the request to the end of its response.</summary>
internal sealed class EventStreamAttempt : IAsyncDisposable
{
    private readonly Reconnection _reconnection;
    private readonly CancellationToken _cancellationToken;
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
    public async Task ConnectAsync(HttpClient http, HttpRequestMessage request)
    {
        using (request)
        {
            AddHeaders(request, _reconnection.LastEventId);
            try
            {
                _response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _cancellationToken);
            }
            catch (Exception failure) when (IsLost(failure))
            {
                _reconnection.OnLost(failure);
                return;
            }
        }

        if (_response.StatusCode == HttpStatusCode.NoContent)
        {
            _reconnection.OnNoContent();
        }
        else if (_response.StatusCode == HttpStatusCode.OK && _response.Content.Headers.ContentType?.MediaType == "text/event-stream")
        {
            await OpenAsync(_response);
        }
        else
        {
            Refuse(_response);
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
            if (await _events.MoveNextAsync())
            {
                _reconnection.OnEvent();
                return true;
            }
        }
        catch (Exception failure) when (IsLost(failure))
        {
            _reconnection.OnLost(failure);
        }

        _reconnection.OnClosed(_reader!.LastEventId, _reader.ReconnectionTime);
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        if (_events is not null)
        {
            await _events.DisposeAsync();
        }

        _body?.Dispose();
        _response?.Dispose();
    }

    private static void AddHeaders(HttpRequestMessage request, string lastEventId)
    {
        if (request.Headers.Accept.Count == 0)
        {
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        }

        request.Headers.CacheControl ??= new CacheControlHeaderValue { NoStore = true };
        if (lastEventId.Length > 0)
        {
            request.Headers.Remove("Last-Event-ID");
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
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
        if (status is not (408 or 425 or 429) and < 500)
        {
            throw refusal;
        }

        RetryConditionHeaderValue? asked = response.Headers.RetryAfter;
        _reconnection.OnRefused(asked?.Delta ?? asked?.Date - _reconnection.Options.TimeProvider.GetUtcNow(), refusal);
    }

    /// <summary>Whether a connection was lost, and not the caller's patience.</summary>
    private bool IsLost(Exception failure) =>
        !_cancellationToken.IsCancellationRequested &&
        failure is HttpRequestException or IOException or OperationCanceledException or TimeoutException;
}
