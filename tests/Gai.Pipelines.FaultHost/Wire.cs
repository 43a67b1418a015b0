using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gai.Pipelines.FaultHost;

/// <summary>What all roles need to reach a server.</summary>
internal static class Wire
{
    public static int Port(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    public static int Count(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <param name="version">The version of HTTP, "1.1" or "2".</param>
    /// <param name="receiveBuffer">How many bytes the system may hold for each connection; 0 leaves it to the system.</param>
    public static HttpClient Client(string version, int receiveBuffer = 0)
    {
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true };
        if (receiveBuffer > 0)
        {
            handler.ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = receiveBuffer };
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            };
        }

        return new HttpClient(handler)
        {
            DefaultRequestVersion = version == "2" ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }
}
