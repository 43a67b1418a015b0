using System.Net;
using System.Net.Sockets;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>The same with what .NET has everywhere. Every wait looks at every socket, so that the client costs more the more streams there are.</summary>
internal sealed class PortableSocketSet : SocketSet
{
    private readonly Dictionary<int, Entry> _entries = [];
    private readonly Dictionary<Socket, int> _numbers = [];
    private readonly Socket _wakeReceiver = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _wakeSender = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly List<Socket> _toRead = [];
    private readonly List<Socket> _toWrite = [];
    private int _last;

    public PortableSocketSet()
    {
        _wakeReceiver.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _wakeReceiver.Blocking = false;
        _wakeSender.Connect(_wakeReceiver.LocalEndPoint!);
    }

    public override int Connect(IPEndPoint server, IPAddress? source, int receiveBufferBytes, ISocketOwner owner)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBufferBytes > 0)
        {
            socket.ReceiveBufferSize = receiveBufferBytes;
        }

        if (source is not null)
        {
            socket.Bind(new IPEndPoint(source, 0));
        }

        // Blocks until the system has connected: on the loopback interface that is at once, while the server's backlog has room.
        socket.Connect(server);
        socket.Blocking = false;
        int number = ++_last;
        _entries.Add(number, new Entry(socket, owner) { Interest = Interest.Write });
        _numbers.Add(socket, number);
        return number;
    }

    public override void Watch(int socket, Interest interest) => _entries[socket].Interest = interest;

    public override int Receive(int socket, Span<byte> buffer)
    {
        int received = _entries[socket].Socket.Receive(buffer, SocketFlags.None, out SocketError error);
        return error == SocketError.Success ? received : Failure(error);
    }

    public override int Send(int socket, ReadOnlySpan<byte> bytes)
    {
        int sent = _entries[socket].Socket.Send(bytes, SocketFlags.None, out SocketError error);
        return error == SocketError.Success ? sent : Failure(error);
    }

    public override void Close(int socket)
    {
        if (_entries.Remove(socket, out Entry? entry))
        {
            _numbers.Remove(entry.Socket);
            entry.Socket.Dispose();
        }
    }

    public override void Wait(long microseconds)
    {
        _toRead.Clear();
        _toWrite.Clear();
        _toRead.Add(_wakeReceiver);
        foreach (Entry entry in _entries.Values)
        {
            if ((entry.Interest & Interest.Read) != 0)
            {
                _toRead.Add(entry.Socket);
            }

            if ((entry.Interest & Interest.Write) != 0)
            {
                _toWrite.Add(entry.Socket);
            }
        }

        Socket.Select(_toRead, _toWrite, null, microseconds < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromMicroseconds(Math.Min(microseconds, int.MaxValue)));
        if (_toRead.Remove(_wakeReceiver))
        {
            Span<byte> one = stackalloc byte[1];
            while (_wakeReceiver.Receive(one, SocketFlags.None, out SocketError error) > 0 && error == SocketError.Success)
            {
            }
        }

        Tell(_toWrite, Interest.Write);
        Tell(_toRead, Interest.Read);
    }

    public override void Wake() => _wakeSender.Send([1], SocketFlags.None, out _);

    public override void Dispose()
    {
        foreach (Entry entry in _entries.Values)
        {
            entry.Socket.Dispose();
        }

        _wakeReceiver.Dispose();
        _wakeSender.Dispose();
    }

    private void Tell(List<Socket> ready, Interest interest)
    {
        foreach (Socket socket in ready)
        {
            if (_numbers.TryGetValue(socket, out int number))
            {
                _entries[number].Owner.OnReady(interest);
            }
        }
    }

    private static int Failure(SocketError error) => error is SocketError.WouldBlock or SocketError.IOPending or SocketError.Interrupted ? WouldBlock : Broken;

    private sealed class Entry(Socket socket, ISocketOwner owner)
    {
        public Socket Socket { get; } = socket;

        public ISocketOwner Owner { get; } = owner;

        public Interest Interest { get; set; }
    }
}
