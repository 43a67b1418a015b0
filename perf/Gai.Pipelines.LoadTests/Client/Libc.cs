using System.Runtime.InteropServices;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>The calls of Linux that the client lives on: a tenth of what the same costs through the thread pool, so that the client is not what is measured.</summary>
internal static unsafe partial class Libc
{
    public const int InterNetwork = 2;
    public const int StreamNonBlocking = 1 | 0x800 | 0x80000; // SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC
    public const int NoSignal = 0x4000;
    public const int TryAgain = 11;
    public const int InProgress = 115;
    public const int Interrupted = 4;
    public const int SocketLevel = 1;
    public const int ReceiveBuffer = 8;
    public const int TcpLevel = 6;
    public const int TcpNoDelay = 1;
    public const int IpLevel = 0;
    public const int BindAddressNoPort = 24;
    public const int EpollAdd = 1;
    public const int EpollModify = 3;
    public const int CloseOnExec = 0x80000;
    public const int EventNonBlocking = 0x800 | CloseOnExec;

    private const string Name = "libc";

    [LibraryImport(Name, EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int domain, int type, int protocol);

    [LibraryImport(Name, EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int socket, byte* address, int length);

    [LibraryImport(Name, EntryPoint = "connect", SetLastError = true)]
    public static partial int Connect(int socket, byte* address, int length);

    [LibraryImport(Name, EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetOption(int socket, int level, int name, int* value, int length);

    [LibraryImport(Name, EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int socket, byte* buffer, nint length, int flags);

    [LibraryImport(Name, EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int socket, byte* buffer, nint length, int flags);

    [LibraryImport(Name, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport(Name, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Name, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(int epoll, int operation, int descriptor, byte* change);

    [LibraryImport(Name, EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, byte* events, int maxEvents, int milliseconds);

    [LibraryImport(Name, EntryPoint = "epoll_pwait2", SetLastError = true)]
    public static partial int EpollWaitExactly(int epoll, byte* events, int maxEvents, TimeSpec* timeout, nint signals);

    [LibraryImport(Name, EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventDescriptor(uint value, int flags);

    [LibraryImport(Name, EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nint length);

    [LibraryImport(Name, EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, byte* buffer, nint length);

    /// <summary>A time of the system.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;

        public static TimeSpec Of(long microseconds) =>
            new() { Seconds = (nint)(microseconds / 1_000_000), Nanoseconds = (nint)(microseconds % 1_000_000 * 1_000) };
    }
}
