using System.Net;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>The sockets of one thread, none of which blocks, and the wait for whichever is ready.</summary>
/// <remarks>Only <see cref="Wake"/> may be called by other threads.</remarks>
internal abstract class SocketSet : IDisposable
{
    /// <summary>What <see cref="Receive"/> and <see cref="Send"/> return if nothing can be done now.</summary>
    public const int WouldBlock = -1;

    /// <summary>What they return if the connection is broken.</summary>
    public const int Broken = -2;

    /// <summary>Makes an empty set.</summary>
    public static SocketSet Create(Waiting waiting) => waiting == Waiting.Epoll ? new EpollSocketSet() : new PortableSocketSet();

    /// <summary>Begins to connect. The owner hears of it when the socket can be written to, or is broken.</summary>
    /// <param name="server">Where to.</param>
    /// <param name="source">From which address; <see langword="null"/> leaves it to the system.</param>
    /// <param name="receiveBufferBytes">How much the system may hold; 0 leaves it to the system.</param>
    /// <param name="owner">Who hears of it.</param>
    public abstract int Connect(IPEndPoint server, IPAddress? source, int receiveBufferBytes, ISocketOwner owner);

    /// <summary>Says what the owner waits for.</summary>
    public abstract void Watch(int socket, Interest interest);

    /// <summary>Receives what has come.</summary>
    /// <returns>How many bytes; zero at the end; <see cref="WouldBlock"/> or <see cref="Broken"/>.</returns>
    public abstract int Receive(int socket, Span<byte> buffer);

    /// <summary>Sends as much as there is room for.</summary>
    /// <returns>How many bytes; <see cref="WouldBlock"/> or <see cref="Broken"/>.</returns>
    public abstract int Send(int socket, ReadOnlySpan<byte> bytes);

    /// <summary>Closes a socket.</summary>
    public abstract void Close(int socket);

    /// <summary>Waits, and tells the owners of the sockets that are ready.</summary>
    /// <param name="microseconds">How long at most; negative is for ever.</param>
    public abstract void Wait(long microseconds);

    /// <summary>Ends a wait. Any thread may call it.</summary>
    public abstract void Wake();

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>What is waited for.</summary>
[Flags]
internal enum Interest
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Something has come, or the end.</summary>
    Read = 1,

    /// <summary>There is room.</summary>
    Write = 2,
}

/// <summary>Who hears of a socket.</summary>
internal interface ISocketOwner
{
    /// <summary>The socket is ready, for reading, for writing or both; it may be broken, which the next call on it tells.</summary>
    void OnReady(Interest ready);
}
