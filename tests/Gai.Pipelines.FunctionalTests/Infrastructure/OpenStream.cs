using System.Text;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests;

/// <summary>A response that is read as it comes.</summary>
internal sealed class OpenStream : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly Stream _body;
    private readonly StringBuilder _unread = new();
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly byte[] _buffer = new byte[16 * 1024];

    private OpenStream(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _body = body;
    }

    public HttpResponseMessage Response => _response;

    public Stream Body => _body;

    public static async Task<OpenStream> OpenAsync(HttpClient client, HttpRequestMessage request)
    {
        HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).OrFail($"the head of {request.RequestUri}");
        return new OpenStream(response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>Reads up to and with the next separator.</summary>
    public async Task<string> ReadThroughAsync(string separator)
    {
        while (true)
        {
            string unread = _unread.ToString();
            int end = unread.IndexOf(separator, StringComparison.Ordinal);
            if (end >= 0)
            {
                end += separator.Length;
                _unread.Remove(0, end);
                return unread[..end];
            }

            if (!await ReadMoreAsync())
            {
                throw new EndOfStreamException($"The body ended before \"{separator}\": {unread}");
            }
        }
    }

    /// <summary>Reads one event of SSE, its blank line included.</summary>
    public Task<string> ReadEventAsync() => ReadThroughAsync("\n\n");

    public Task<string> ReadLineAsync() => ReadThroughAsync("\n");

    /// <summary>Reads the rest.</summary>
    /// <exception cref="HttpRequestException">The body did not end as HTTP prescribes.</exception>
    public async Task<string> ReadRestAsync()
    {
        while (await ReadMoreAsync())
        {
        }

        string rest = _unread.ToString();
        _unread.Clear();
        return rest;
    }

    /// <summary>Reads the rest of a body that must not end as HTTP prescribes.</summary>
    public async Task<string> ReadBrokenRestAsync()
    {
        await Assert.ThrowsAnyAsync<IOException>(ReadRestAsync);
        return _unread.ToString();
    }

    public void Dispose() => _response.Dispose();

    private async Task<bool> ReadMoreAsync()
    {
        int count = await _body.ReadAsync(_buffer).AsTask().OrFail("more of the body");
        char[] chars = new char[_decoder.GetCharCount(_buffer, 0, count, flush: count == 0)];
        _unread.Append(chars, 0, _decoder.GetChars(_buffer, 0, count, chars, 0, flush: count == 0));
        return count > 0;
    }
}
