using System.IO.Pipelines;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI.Providers;

/// <summary>One request to a provider and its response, from the head on. Disposed of before the answer is whole, it ends the connection, so that the model stops.</summary>
internal sealed class ProviderExchange : IAsyncDisposable
{
    private const int MostLastReads = 32;

    private readonly HttpResponseMessage _response;
    private readonly Stream _content;
    private readonly PipeReader _body;
    private bool _isComplete;

    private ProviderExchange(HttpResponseMessage response, Stream content, TimeSpan readTimeout, TimeProvider time)
    {
        _response = response;
        _content = content;
        PipeReader body = SegmentReader.PipeOf(content);
        _body = readTimeout == Timeout.InfiniteTimeSpan ? body : new IdleTimeoutPipeReader(body, readTimeout, time);
    }

    public PipeReader Body => _body;

    public string? MediaType => Internal.MediaType.Of(_response.Content);

    public Uri? Address => _response.RequestMessage?.RequestUri;

    /// <summary>Sends a request and waits for the head of its response.</summary>
    /// <exception cref="StreamErrorException">The provider refused, or could not be reached.</exception>
    public static async Task<ProviderExchange> SendAsync(
        HttpClient http, HttpRequestMessage request, TimeSpan readTimeout, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return new ProviderExchange(response, await response.Content.ReadAsStreamAsync(cancellationToken), readTimeout, time);
            }

            using (response)
            {
                throw new StreamErrorException(await ProviderErrorHandler.ReadAsync(response, time, cancellationToken));
            }
        }
        catch (Exception failure) when (ProviderErrors.IsProviders(failure, cancellationToken, out StreamError error))
        {
            throw new StreamErrorException(error, failure);
        }
    }

    /// <summary>Reads the whole body.</summary>
    /// <param name="most">The most bytes it may have.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="StreamReadException">It has more.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadToEndAsync(int most, CancellationToken cancellationToken)
    {
        try
        {
            using var whole = new MemoryStream();
            while (true)
            {
                ReadResult read = await _body.ReadAsync(cancellationToken);
                if (whole.Length + read.Buffer.Length > most)
                {
                    throw new StreamReadException(
                        StreamReadError.TooLarge, 1, 0, FormattableString.Invariant($"the answer has more than {most:N0} bytes. Ask for a shorter one, or raise MaxEventBytes."));
                }

                foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                {
                    whole.Write(segment.Span);
                }

                _body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return whole.GetBuffer().AsMemory(0, (int)whole.Length);
                }
            }
        }
        catch (Exception failure) when (ProviderErrors.IsProviders(failure, cancellationToken, out StreamError error))
        {
            throw new StreamErrorException(error, failure);
        }
    }

    /// <summary>Notes that the answer is whole: its connection may serve again.</summary>
    public void Complete() => _isComplete = true;

    public async ValueTask DisposeAsync()
    {
        await _body.CompleteAsync();
        if (!_isComplete)
        {
            await AbandonAsync();
        }

        _response.Dispose();
    }

    /// <summary>Ends the connection now.</summary>
    /// <remarks>
    /// A response of HTTP/1.1 that is disposed of is first read on for up to two seconds (SocketsHttpHandler.ResponseDrainTimeout) to save its connection, while the model goes on. A read
    /// that is cancelled while it waits ends the connection at once. What is there already comes first; a server that sends faster than this reads is cut off by the handler's
    /// own limit of bytes.
    /// </remarks>
    private async ValueTask AbandonAsync()
    {
        using var cancellation = new CancellationTokenSource();
        byte[] rest = new byte[4096];
        try
        {
            for (int i = 0; i < MostLastReads; i++)
            {
                ValueTask<int> read = _content.ReadAsync(rest, cancellation.Token);
                if (!read.IsCompleted)
                {
                    await cancellation.CancelAsync();
                }

                if (await read == 0)
                {
                    return;
                }
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or HttpRequestException or ObjectDisposedException or InvalidOperationException)
        {
            // It has ended, which is what was asked for.
        }
    }
}
