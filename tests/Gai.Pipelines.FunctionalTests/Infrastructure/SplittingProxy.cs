using System.Net;
using System.Net.Sockets;

namespace Gai.Pipelines.FunctionalTests;

/// <summary>A proxy between client and server that hands every byte on by itself, in both directions, and holds all of them back when it is told to.</summary>
internal sealed class SplittingProxy : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly int _server;
    private volatile TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="server">The port of the server.</param>
    public SplittingProxy(int server)
    {
        _server = server;
        _open.SetResult();
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Hands nothing on until it is released.</summary>
    public void Hold() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => _open.TrySetResult();

    public void Dispose()
    {
        _listener.Dispose();
        Release();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptAsync();
                var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                client.NoDelay = server.NoDelay = true;
                await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _server));
                _ = HandOnAsync(client, server);
                _ = HandOnAsync(server, client);
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // It is disposed of.
        }
    }

    private async Task HandOnAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[4096];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer)) > 0)
            {
                for (int i = 0; i < count; i++)
                {
                    await _open.Task;
                    await to.SendAsync(buffer.AsMemory(i, 1));
                    await Task.Yield();
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            from.Dispose();
            to.Dispose();
        }
    }
}
