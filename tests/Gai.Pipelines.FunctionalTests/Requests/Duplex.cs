using System.Net;
using System.Net.Sockets;
using System.Text;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests.Requests;

/// <summary>A request whose response is read while it is being sent.</summary>
internal abstract class Duplex : IDisposable
{
    private readonly StringBuilder _received = new();

    /// <summary>Sends the head of a POST of records. HTTP/1.1 is written byte by byte: <see cref="HttpClient"/> reads nothing there before it has sent all.</summary>
    public static async Task<Duplex> OpenAsync(TestServer server, string path, string version) =>
        version == "2" ? new Http2(server, path) : await Http1.ConnectAsync(server.Http1Port, path);

    public abstract Task WriteAsync(string text);

    public abstract Task EndAsync();

    /// <summary>Goes away in the middle.</summary>
    public abstract void Leave();

    /// <summary>Reads until the text has come, and gives all that has come so far, over HTTP/1.1 with its head and its chunks.</summary>
    public async Task<string> ReadThroughAsync(string text)
    {
        while (!_received.ToString().Contains(text, StringComparison.Ordinal))
        {
            string more = await ReceiveAsync().OrFail($"\"{text}\" after \"{_received}\"");
            _received.Append(more.Length > 0 ? more : throw new EndOfStreamException($"The response ended before \"{text}\": {_received}"));
        }

        return _received.ToString();
    }

    /// <summary>Reads the rest of a response that must not end as HTTP prescribes, and gives all that has come.</summary>
    public async Task<string> ReadBrokenRestAsync()
    {
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await ReceiveAsync().OrFail($"the end after \"{_received}\"") is { Length: > 0 } more)
            {
                _received.Append(more);
            }
        });
        return _received.ToString();
    }

    public void Dispose() => Leave();

    protected abstract Task<string> ReceiveAsync();

    private sealed class Http1(Socket socket) : Duplex
    {
        private string _tail = string.Empty;

        public static async Task<Duplex> ConnectAsync(int port, string path)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, port);
            var duplex = new Http1(socket);
            await duplex.SendAsync($"POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
            return duplex;
        }

        public override Task WriteAsync(string text) => SendAsync($"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n");

        public override Task EndAsync() => SendAsync("0\r\n\r\n");

        public override void Leave() => socket.Dispose();

        protected override async Task<string> ReceiveAsync()
        {
            byte[] buffer = new byte[4096];
            string more = Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer));
            if (more.Length == 0 && !_tail.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal))
            {
                throw new IOException("The connection ended without the last chunk.");
            }

            _tail += more;
            return more;
        }

        private async Task SendAsync(string text) => await socket.SendAsync(Encoding.UTF8.GetBytes(text));
    }

    private sealed class Http2 : Duplex
    {
        private readonly RecordsContent _body = new();
        private readonly CancellationTokenSource _left = new();
        private readonly Task<HttpResponseMessage> _response;

        public Http2(TestServer server, string path)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = _body,
                Headers = { { "Accept", "application/x-ndjson" } },
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            _response = server.Client("2").SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _left.Token);
        }

        public override Task WriteAsync(string text) => _body.WriteAsync(text).OrFail();

        public override Task EndAsync()
        {
            _body.End();
            return Task.CompletedTask;
        }

        public override void Leave()
        {
            _left.Cancel();
            _body.Break();
            if (_response.IsCompletedSuccessfully)
            {
                _response.Result.Dispose();
            }
        }

        protected override async Task<string> ReceiveAsync()
        {
            HttpResponseMessage response = await _response;
            Stream stream = await response.Content.ReadAsStreamAsync();
            byte[] buffer = new byte[4096];
            string head = _received.Length == 0 ? $"HTTP/2 {(int)response.StatusCode}\r\n" : string.Empty;
            return head + Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer));
        }
    }
}
