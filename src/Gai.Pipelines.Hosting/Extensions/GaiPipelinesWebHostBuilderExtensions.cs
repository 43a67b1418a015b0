using System.Net.Sockets;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Sets what Kestrel and its sockets leave to be set for long streams.</summary>
public static class GaiPipelinesWebHostBuilderExtensions
{
    private const int Backlog = 4096;

    /// <summary>
    /// Has Kestrel notice clients that are gone without a word, take many streams over one connection of HTTP/2, and lose nobody when thousands connect at once.
    /// What is set here is safe for all endpoints of a server.
    /// </summary>
    /// <param name="builder">The web host, such as <c>builder.WebHost</c>.</param>
    /// <param name="deadAfter">
    /// How long a connection may leave what was sent to it unacknowledged, or a ping unanswered, until it is given up. Default 2 min; 2 s to 1 h. Choose more than
    /// <see cref="EventStreamOptions.WriteTimeout"/>: the system does not tell a client that reads nothing from one that is gone.
    /// </param>
    /// <returns>The same web host.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="deadAfter"/> is out of its range.</exception>
    /// <remarks>
    /// <para>
    /// <b>Sockets that listen</b> get keep-alives of TCP (RFC 9293, 3.8.4), and on Linux <c>TCP_USER_TIMEOUT</c> (RFC 5482), both of which accepted connections inherit.
    /// Without them a half-open connection on which only keep-alives are written lasts for a quarter of an hour, and one that is silent for ever.
    /// </para>
    /// <para>
    /// <b>HTTP/2</b>: pings (RFC 9113, 6.7), and 1,000 streams for each connection instead of 100. The 101st is not refused by a client's library, it waits without a word.
    /// </para>
    /// <para>
    /// <b>The backlog</b> of sockets that listen: at least 4,096 connections instead of 512 (Linux takes the lower of this and <c>net.core.somaxconn</c>). What arrives when it is full is
    /// dropped without a word, and its client tries again after a second or more; after a restart all clients of a server come at once.
    /// </para>
    /// <para>What makes streams faster at a risk (inline scheduling, the number of queues) is not set: docs/operations.md says what each is worth.</para>
    /// </remarks>
    public static IWebHostBuilder ConfigureKestrelForStreams(this IWebHostBuilder builder, TimeSpan? deadAfter = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        TimeSpan limit = deadAfter ?? TimeSpan.FromMinutes(2);
        if (limit < TimeSpan.FromSeconds(2) || limit > TimeSpan.FromHours(1))
        {
            throw new ArgumentOutOfRangeException(nameof(deadAfter), limit, "A connection is given up after 2 s to 1 h. Leave it out for 2 min.");
        }

        return builder.ConfigureServices(services =>
        {
            services.Configure<KestrelServerOptions>(server =>
            {
                server.Limits.Http2.KeepAlivePingDelay = limit / 2;
                server.Limits.Http2.KeepAlivePingTimeout = limit / 2;
                server.Limits.Http2.MaxStreamsPerConnection = 1_000;
            });

            // After whatever the application makes of its sockets.
            services.PostConfigure<SocketTransportOptions>(transport =>
            {
                transport.Backlog = Math.Max(transport.Backlog, Backlog);
                var bind = transport.CreateBoundListenSocket;
                transport.CreateBoundListenSocket = endpoint =>
                {
                    Socket socket = bind(endpoint);
                    if (socket.ProtocolType == ProtocolType.Tcp)
                    {
                        GiveUpAfter(socket, limit);
                    }

                    return socket;
                };
            });
        });
    }

    private static void GiveUpAfter(Socket socket, TimeSpan limit)
    {
        const int Probes = 4;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)Math.Ceiling(limit.TotalSeconds / 2));
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)Math.Ceiling(limit.TotalSeconds / 2 / Probes));
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
        if (OperatingSystem.IsLinux())
        {
            const int UserTimeout = 18; // TCP_USER_TIMEOUT, in milliseconds
            socket.SetRawSocketOption((int)ProtocolType.Tcp, UserTimeout, BitConverter.GetBytes((int)limit.TotalMilliseconds));
        }
    }
}
