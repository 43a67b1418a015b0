using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>A connection: sends without waiting, hands on what comes.</summary>
internal abstract class Connection(ClientThread thread) : ISocketOwner
{
    private byte[] _pending = [];
    private int _pendingBytes;
    private int _socket = -1;
    private bool _isConnected;
    private Interest _interest = Interest.Write;

    protected ClientThread Thread { get; } = thread;

    /// <summary>How many bytes the system has not taken yet.</summary>
    public int PendingBytes => _pendingBytes;

    public bool IsOpen => _socket >= 0;

    /// <summary>Whether what comes is taken. Off for a while for a client that is slow.</summary>
    protected bool IsReading { get; set; } = true;

    /// <summary>How much is read at once.</summary>
    protected virtual int ReadBytes => int.MaxValue;

    public void Connect(int receiveBufferBytes) => _socket = Thread.Sockets.Connect(Thread.Server, Thread.NextSource(), receiveBufferBytes, this);

    public void OnReady(Interest ready)
    {
        if ((ready & Interest.Write) != 0)
        {
            _isConnected = true;
            SendPending();
        }

        if ((ready & Interest.Read) != 0 && IsOpen)
        {
            Receive();
        }

        if (IsOpen)
        {
            UpdateInterest();
        }
    }

    public void Close()
    {
        if (IsOpen)
        {
            Thread.Sockets.Close(_socket);
            _socket = -1;
        }
    }

    /// <summary>The client leaves.</summary>
    public abstract void Leave();

    protected abstract void OnBytes(ReadOnlySpan<byte> bytes, long now);

    /// <summary>The other end has closed, or the connection is broken.</summary>
    protected abstract void OnClosed(bool isBroken);

    /// <summary>There is room again.</summary>
    protected virtual void OnSent()
    {
    }

    /// <summary>Sends now what can be sent, and the rest when there is room.</summary>
    protected void Send(ReadOnlySpan<byte> bytes)
    {
        if (_isConnected && _pendingBytes == 0 && IsOpen)
        {
            int sent = Thread.Sockets.Send(_socket, bytes);
            bytes = bytes[Math.Max(0, sent)..];
        }

        if (bytes.IsEmpty)
        {
            return;
        }

        if (_pendingBytes + bytes.Length > _pending.Length)
        {
            Array.Resize(ref _pending, Math.Max(256, (_pendingBytes + bytes.Length) * 2));
        }

        bytes.CopyTo(_pending.AsSpan(_pendingBytes));
        _pendingBytes += bytes.Length;
        UpdateInterest();
    }

    protected void UpdateInterest()
    {
        Interest wanted = (IsReading ? Interest.Read : Interest.None) | (_pendingBytes > 0 || !_isConnected ? Interest.Write : Interest.None);
        if (wanted != _interest && IsOpen)
        {
            _interest = wanted;
            Thread.Sockets.Watch(_socket, wanted);
        }
    }

    private void SendPending()
    {
        if (_pendingBytes == 0)
        {
            return;
        }

        int sent = Thread.Sockets.Send(_socket, _pending.AsSpan(0, _pendingBytes));
        if (sent > 0)
        {
            _pending.AsSpan(sent, _pendingBytes - sent).CopyTo(_pending);
            _pendingBytes -= sent;
        }

        if (_pendingBytes == 0)
        {
            OnSent();
        }
    }

    private void Receive()
    {
        Span<byte> buffer = Thread.Buffer;
        int received = Thread.Sockets.Receive(_socket, buffer[..Math.Min(buffer.Length, ReadBytes)]);
        switch (received)
        {
            case SocketSet.WouldBlock:
                break;
            case SocketSet.Broken or 0:
                Close();
                OnClosed(received != 0);
                break;
            default:
                OnBytes(buffer[..received], Clock.Now);
                break;
        }
    }
}
