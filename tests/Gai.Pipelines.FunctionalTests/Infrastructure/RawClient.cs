using System.Net;
using System.Net.Sockets;
using System.Text;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests;

/// <summary>A client of HTTP/1.1 or HTTP/2 that writes and reads the bytes itself.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket;
    private readonly StringBuilder _received = new();

    private RawClient(Socket socket) => _socket = socket;

    public static Task<RawClient> GetAsync(int port, string path, string headers = "", int receiveBuffer = 0) =>
        SendAsync(port, Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"), receiveBuffer);

    /// <summary>Asks over HTTP/2, with prior knowledge and the default window of 64 KiB.</summary>
    public static Task<RawClient> GetOverHttp2Async(int port, string path)
    {
        // RFC 7541, appendix A: 2 is ":method: GET", 6 is ":scheme: http"; 4 and 1 are the names :path and :authority.
        byte[] head = [0x82, 0x86, 0x04, (byte)path.Length, .. Encoding.ASCII.GetBytes(path), 0x01, 9, .. "localhost"u8];
        byte[] settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        byte[] headers = [0, 0, (byte)head.Length, 1, 0x04 | 0x01, 0, 0, 0, 1]; // END_HEADERS, END_STREAM, stream 1
        return SendAsync(port, [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. settings, .. headers, .. head], receiveBuffer: 0);
    }

    private static async Task<RawClient> SendAsync(int port, byte[] request, int receiveBuffer)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer > 0)
        {
            socket.ReceiveBufferSize = receiveBuffer;
        }

        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        await socket.SendAsync(request);
        return new RawClient(socket);
    }

    /// <summary>Reads until the text has come, and gives all that has come so far.</summary>
    public async Task<string> ReadThroughAsync(string text)
    {
        byte[] buffer = new byte[4096];
        while (!_received.ToString().Contains(text, StringComparison.Ordinal))
        {
            int count = await _socket.ReceiveAsync(buffer).OrFail($"\"{text}\"");
            if (count == 0)
            {
                throw new EndOfStreamException($"The connection ended before \"{text}\": {_received}");
            }

            _received.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return _received.ToString();
    }

    public async Task<int> ReadAsync(Memory<byte> buffer) => await _socket.ReceiveAsync(buffer).AsTask().OrFail("more bytes");

    /// <summary>Leaves as a browser does whose page is closed.</summary>
    public void Dispose() => _socket.Dispose();

    /// <summary>Leaves as a machine does that is switched off: with a reset.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }
}
