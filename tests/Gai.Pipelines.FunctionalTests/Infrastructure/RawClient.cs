using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests;

/// <summary>A client of HTTP/1.1 or HTTP/2 that writes and reads the bytes itself.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket;
    private readonly StringBuilder _received = new();
    private readonly string _version;

    private RawClient(Socket socket, string version)
    {
        _socket = socket;
        _version = version;
        Body = new WireBody(version);
    }

    /// <summary>Gets what <see cref="ReadSomeAsync"/> has read of the body of the response.</summary>
    public WireBody Body { get; private set; }

    public static Task<RawClient> GetAsync(int port, string path, string headers = "", int receiveBuffer = 0) =>
        SendAsync(port, "1.1", Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"), receiveBuffer);

    /// <summary>Asks over HTTP/2, with prior knowledge and the default window of 64 KiB.</summary>
    public static Task<RawClient> GetOverHttp2Async(int port, string path, int receiveBuffer = 0)
    {
        byte[] settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        return SendAsync(port, "2", [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. settings, .. Http2Headers(path, stream: 1)], receiveBuffer);
    }

    private static byte[] Http2Headers(string path, byte stream)
    {
        // RFC 7541, appendix A: 2 is ":method: GET", 6 is ":scheme: http"; 4 and 1 are the names :path and :authority.
        byte[] head = [0x82, 0x86, 0x04, (byte)path.Length, .. Encoding.ASCII.GetBytes(path), 0x01, 9, .. "localhost"u8];
        return [0, 0, (byte)head.Length, 1, 0x04 | 0x01, 0, 0, 0, stream, .. head]; // END_HEADERS, END_STREAM
    }

    private static async Task<RawClient> SendAsync(int port, string version, byte[] request, int receiveBuffer)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer > 0)
        {
            socket.ReceiveBufferSize = receiveBuffer;
        }

        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        await socket.SendAsync(request);
        return new RawClient(socket, version);
    }

    /// <summary>Asks again over the same connection of HTTP/2; <see cref="Body"/> is that of the new response.</summary>
    public async Task GetAgainOverHttp2Async(string path)
    {
        const byte NextStream = 3;
        Body = Body.Of(NextStream);
        await _socket.SendAsync(Http2Headers(path, NextStream));
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

    /// <summary>Reads some bytes into <see cref="Body"/>; over HTTP/2 it gives the server as much of the window again.</summary>
    /// <returns>Whether the connection goes on.</returns>
    public async Task<bool> ReadSomeAsync(int atMost = 16 * 1024)
    {
        byte[] buffer = new byte[atMost];
        int count;
        try
        {
            count = await ReadAsync(buffer);
        }
        catch (SocketException)
        {
            return false;
        }

        (int data, int ours) = (Body.Data, Body.Length);
        Body.Append(buffer.AsSpan(0, count));
        if (_version == "2" && Body.Data > data)
        {
            byte[] updates = [.. WindowUpdate(0, Body.Data - data), .. Body.Length > ours && Body.End is null ? WindowUpdate(Body.Stream, Body.Length - ours) : []];
            await _socket.SendAsync(updates);
        }

        return count > 0;
    }

    /// <summary>Reads until the body has so many bytes.</summary>
    public async Task ReadBodyAsync(int atLeast, int atOnce = 16 * 1024)
    {
        while (Body.Length < atLeast)
        {
            Assert.True(await ReadSomeAsync(atOnce), $"The connection ended after {Body.Length} bytes of the body.");
        }
    }

    /// <summary>Reads until the response or its connection has ended.</summary>
    /// <returns>How: "clean" as HTTP prescribes, "reset" by HTTP/2, or "broken" with the connection.</returns>
    public async Task<string> ReadToEndAsync()
    {
        while (Body.End is null && await ReadSomeAsync())
        {
        }

        return Body.End ?? "broken";
    }

    /// <summary>Leaves as a browser does whose page is closed.</summary>
    public void Dispose() => _socket.Dispose();

    /// <summary>Leaves as a machine does that is switched off: with a reset.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    /// <summary>Leaves the stream of HTTP/2, and keeps the connection.</summary>
    public async Task ResetStreamAsync() => await _socket.SendAsync((byte[])[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8]); // RST_STREAM, CANCEL

    /// <summary>
    /// Makes the connection half open: from now on the system drops every packet that comes for it, without an answer of any kind, as
    /// if the cable were cut. The server's system gets no acknowledgement and no reset, and sends again and again.
    /// </summary>
    public void GoDeaf()
    {
        const int SolSocket = 1; // Linux, asm-generic/socket.h
        const int AttachFilter = 26;
        const ushort Return = 0x06; // BPF_RET | BPF_K: a packet is cut to so many bytes, here none
        byte[] filter = new byte[8];
        MemoryMarshal.Write(filter, Return);
        var pinned = GCHandle.Alloc(filter, GCHandleType.Pinned);
        try
        {
            byte[] program = new byte[16]; // struct sock_fprog { unsigned short len; struct sock_filter *filter; }
            MemoryMarshal.Write(program, (ushort)1);
            MemoryMarshal.Write(program.AsSpan(8), (long)pinned.AddrOfPinnedObject());
            _socket.SetRawSocketOption(SolSocket, AttachFilter, program);
        }
        finally
        {
            pinned.Free();
        }

        // It leaves by a reset, whatever it has read: the answer to an orderly end it would not hear, and the server would hold the connection until it is stopped by force.
        _socket.LingerState = new LingerOption(enable: true, seconds: 0);
    }

    private static byte[] WindowUpdate(int stream, int bytes)
    {
        byte[] frame = new byte[13];
        (frame[2], frame[3]) = (4, 8);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(9), bytes);
        return frame;
    }
}
