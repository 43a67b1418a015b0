using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Runtime.InteropServices;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>Sockets that epoll waits for: one system call for all that are ready, and one to receive from each.</summary>
internal sealed unsafe class EpollSocketSet : SocketSet
{
    private const int BatchSize = 512;
    private const int AddressBytes = 16;

    // The structure is packed on x64 and nowhere else.
    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int EventBytes = IsPacked ? 12 : 16;
    private static readonly int DataOffset = IsPacked ? 4 : 8;

    private readonly int _epoll = Check(Libc.EpollCreate(Libc.CloseOnExec));
    private readonly int _wake = Check(Libc.EventDescriptor(0, Libc.EventNonBlocking));
    private readonly byte[] _events = new byte[BatchSize * 16];
    private ISocketOwner?[] _owners = new ISocketOwner?[1024];
    private bool _exact = true;

    public EpollSocketSet() => Control(Libc.EpollAdd, _wake, Interest.Read);

    public override int Connect(IPEndPoint server, IPAddress? source, int receiveBufferBytes, ISocketOwner owner)
    {
        int socket = Check(Libc.Socket(Libc.InterNetwork, Libc.StreamNonBlocking, 0));
        SetOption(socket, Libc.TcpLevel, Libc.TcpNoDelay, 1);
        byte* address = stackalloc byte[AddressBytes];
        if (receiveBufferBytes > 0)
        {
            SetOption(socket, Libc.SocketLevel, Libc.ReceiveBuffer, receiveBufferBytes);
        }

        if (source is not null)
        {
            // The port is chosen when the other end is known: each source address has all ports for each server.
            SetOption(socket, Libc.IpLevel, Libc.BindAddressNoPort, 1);
            WriteAddress(address, source, 0);
            Check(Libc.Bind(socket, address, AddressBytes));
        }

        WriteAddress(address, server.Address, server.Port);
        if (Libc.Connect(socket, address, AddressBytes) < 0 && Marshal.GetLastPInvokeError() != Libc.InProgress)
        {
            int error = Marshal.GetLastPInvokeError();
            _ = Libc.Close(socket);
            throw new Win32Exception(error, $"Cannot connect to {server}: {Marshal.GetPInvokeErrorMessage(error)}");
        }

        if (socket >= _owners.Length)
        {
            Array.Resize(ref _owners, Math.Max(socket + 1, _owners.Length * 2));
        }

        _owners[socket] = owner;
        Control(Libc.EpollAdd, socket, Interest.Write);
        return socket;
    }

    public override void Watch(int socket, Interest interest) => Control(Libc.EpollModify, socket, interest);

    public override int Receive(int socket, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            nint received = Libc.Receive(socket, start, buffer.Length, 0);
            return received >= 0 ? (int)received : Failure();
        }
    }

    public override int Send(int socket, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            nint sent = Libc.Send(socket, start, bytes.Length, Libc.NoSignal);
            return sent >= 0 ? (int)sent : Failure();
        }
    }

    public override void Close(int socket)
    {
        _owners[socket] = null;
        _ = Libc.Close(socket);
    }

    public override void Wait(long microseconds)
    {
        fixed (byte* events = _events)
        {
            int ready = WaitFor(events, microseconds);
            for (int i = 0; i < ready; i++)
            {
                byte* found = events + (i * EventBytes);
                uint flags = *(uint*)found;
                int socket = *(int*)(found + DataOffset);
                if (socket == _wake)
                {
                    long count;
                    _ = Libc.Read(_wake, (byte*)&count, sizeof(long));
                }
                else
                {
                    // EPOLLIN = 1, EPOLLOUT = 4, EPOLLERR = 8, EPOLLHUP = 16: an error is found by reading.
                    var interest = (Interest)(((flags & 0b1_1001) != 0 ? (int)Interest.Read : 0) | ((flags & 4) != 0 ? (int)Interest.Write : 0));
                    _owners[socket]?.OnReady(interest);
                }
            }
        }
    }

    public override void Wake()
    {
        long one = 1;
        _ = Libc.Write(_wake, (byte*)&one, sizeof(long));
    }

    public override void Dispose()
    {
        for (int socket = 0; socket < _owners.Length; socket++)
        {
            if (_owners[socket] is not null)
            {
                Close(socket);
            }
        }

        _ = Libc.Close(_wake);
        _ = Libc.Close(_epoll);
    }

    private int WaitFor(byte* events, long microseconds)
    {
        if (_exact && microseconds > 0)
        {
            try
            {
                var timeout = Libc.TimeSpec.Of(microseconds);
                return Libc.EpollWaitExactly(_epoll, events, BatchSize, &timeout, 0);
            }
            catch (EntryPointNotFoundException)
            {
                _exact = false; // before glibc 2.35
            }
        }

        return Libc.EpollWait(_epoll, events, BatchSize, microseconds < 0 ? -1 : (int)((microseconds + 999) / 1000));
    }

    private void Control(int operation, int descriptor, Interest interest)
    {
        byte* change = stackalloc byte[16];
        *(uint*)change = ((interest & Interest.Read) != 0 ? 1u : 0) | ((interest & Interest.Write) != 0 ? 4u : 0);
        *(long*)(change + DataOffset) = descriptor;
        Check(Libc.EpollControl(_epoll, operation, descriptor, change));
    }

    private static void SetOption(int socket, int level, int name, int value) => Check(Libc.SetOption(socket, level, name, &value, sizeof(int)));

    private static void WriteAddress(byte* address, IPAddress ip, int port)
    {
        var bytes = new Span<byte>(address, AddressBytes);
        bytes.Clear();
        *(ushort*)address = Libc.InterNetwork;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)port);
        ip.TryWriteBytes(bytes.Slice(4, 4), out _);
    }

    private static int Failure() => Marshal.GetLastPInvokeError() is Libc.TryAgain or Libc.Interrupted ? WouldBlock : Broken;

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());
}
