using System.Net;
using System.Net.Sockets;

namespace Gai.Pipelines.TestUtilities;

/// <summary>Finds ports for programs that cannot be asked to take any.</summary>
public static class FreePort
{
    // Below those that the system gives to whoever asks for any, who would be faster to take it.
    private const int First = 20_000;
    private const int Last = 32_000;

    /// <summary>Finds a port that nobody listens on now.</summary>
    public static int Find()
    {
        while (true)
        {
            int port = Random.Shared.Next(First, Last);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }
}
