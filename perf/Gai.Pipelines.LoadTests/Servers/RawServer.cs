using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>
/// The floor below Kestrel: sockets, and one send for each event. It reads no more of a request than its first line. A stream of the
/// engine is sent by the engine's own thread: no channel, no task, no pipe.
/// </summary>
internal sealed class RawServer : IDisposable
{
    public const string Name = "raw";

    private static readonly byte[] LastChunk = [.. "0\r\n\r\n"u8];

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly WireFormat _format;
    private readonly ServerState _state;
    private readonly byte[][] _ring;
    private readonly Ticker<byte[]> _ticker;

    public RawServer(WireFormat format, ServerState state)
    {
        _format = format;
        _state = state;
        _ring = Ring.Make(Chunk);
        _ticker = new Ticker<byte[]>(Chunk);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(4096);
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public ITicker Ticker => _ticker;

    public void Dispose() => _listener.Dispose();

    /// <summary>An event as a chunk of HTTP/1.1, whole.</summary>
    private byte[] Chunk(string text)
    {
        byte[] frame = _format.Frame(text);
        return [.. Encoding.ASCII.GetBytes(frame.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n"), .. frame, .. "\r\n"u8];
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket = await _listener.AcceptAsync();
            socket.NoDelay = true;
            _ = ServeAsync(socket);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        _state.OnOpen();
        using (socket)
        {
            try
            {
                string path = await ReadPathAsync(socket);
                await socket.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: {_format.MediaType}\r\nTransfer-Encoding: chunked\r\n\r\n"));
                if (path.StartsWith(Paths.Burst, StringComparison.Ordinal) || path.StartsWith(Paths.Push, StringComparison.Ordinal))
                {
                    Burst(socket, long.Parse(path.Split('=')[1], CultureInfo.InvariantCulture));
                    await WaitUntilClosedAsync(socket);
                }
                else if (path == Paths.Live)
                {
                    using IDisposable place = _ticker.Join(new SocketTarget(socket));
                    await WaitUntilClosedAsync(socket);
                }
            }
            catch (SocketException)
            {
                // The client has left.
            }
            finally
            {
                _state.OnClose();
            }
        }
    }

    private void Burst(Socket socket, long count)
    {
        for (long i = 0; i < count; i++)
        {
            socket.Send(_ring[i & (Ring.Size - 1)]);
        }

        socket.Send(LastChunk);
    }

    private static async Task<string> ReadPathAsync(Socket socket)
    {
        var buffer = new byte[2048];
        int length = 0;
        while (buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
        {
            int received = await socket.ReceiveAsync(buffer.AsMemory(length));
            if (received == 0)
            {
                throw new SocketException((int)SocketError.ConnectionReset);
            }

            length += received;
        }

        return Encoding.ASCII.GetString(buffer, 0, length).Split(' ')[1];
    }

    private static async Task WaitUntilClosedAsync(Socket socket)
    {
        var nothing = new byte[1];
        await socket.ReceiveAsync(nothing.AsMemory());
    }

    private sealed class SocketTarget(Socket socket) : ITickTarget<byte[]>
    {
        public bool TryWrite(byte[] item)
        {
            try
            {
                return socket.Send(item) == item.Length;
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }

        public void Complete() => TryWrite(LastChunk);
    }
}
