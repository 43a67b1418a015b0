using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests.Proxies;

/// <summary>A real proxy before a server, on a free port of the loopback interface.</summary>
internal abstract class Proxy : IAsyncDisposable
{
    public abstract Uri Address { get; }

    public abstract ValueTask DisposeAsync();

    /// <param name="kind">What it is.</param>
    /// <param name="server">The server.</param>
    /// <param name="silence">How long the proxy waits for one that is silent.</param>
    public static async Task<Proxy> StartAsync(ProxyKind kind, TestServer server, TimeSpan silence) => kind switch
    {
        ProxyKind.Nginx => await ProgramProxy.StartAsync("nginx", port => NginxConfiguration.Default(port, server.Http1Port, silence)),
        ProxyKind.NginxHttp11 => await ProgramProxy.StartAsync("nginx", port => NginxConfiguration.Http11(port, server.Http1Port, silence)),
        ProxyKind.NginxGzip => await ProgramProxy.StartAsync("nginx", port => NginxConfiguration.Gzip(port, server.Http1Port, silence)),
        ProxyKind.NginxIgnoringHeader => await ProgramProxy.StartAsync("nginx", port => NginxConfiguration.IgnoringHeader(port, server.Http1Port, silence)),
        ProxyKind.HAProxy => await ProgramProxy.StartAsync("haproxy", port => HAProxyConfiguration.Default(port, server.Http1Port, silence)),
        ProxyKind.HAProxyHttp2 => await ProgramProxy.StartAsync("haproxy", port => HAProxyConfiguration.Http2(port, server.Http2Port, silence)),
        ProxyKind.HAProxyCompression => await ProgramProxy.StartAsync("haproxy", port => HAProxyConfiguration.Compression(port, server.Http1Port, silence)),
        ProxyKind.Yarp => await YarpProxy.StartAsync(server.Http1Port, HttpVersion.Version11, silence),
        _ => await YarpProxy.StartAsync(server.Http2Port, HttpVersion.Version20, silence),
    };
}

/// <summary>A proxy and how it is configured.</summary>
public enum ProxyKind
{
    /// <summary>nginx with nothing but <c>proxy_pass</c>.</summary>
    Nginx,

    /// <summary>nginx as the operations manual has it.</summary>
    NginxHttp11,

    /// <summary>The same, and it compresses whatever it can.</summary>
    NginxGzip,

    /// <summary>The same, but it does not look at <c>X-Accel-Buffering</c>, and has buffering turned off instead: what it compresses it would hold back.</summary>
    NginxIgnoringHeader,

    /// <summary>HAProxy as the operations manual has it.</summary>
    HAProxy,

    /// <summary>The same, and it speaks HTTP/2 to the server.</summary>
    HAProxyHttp2,

    /// <summary>The same, and it compresses whatever it can.</summary>
    HAProxyCompression,

    /// <summary>YARP.</summary>
    Yarp,

    /// <summary>YARP that speaks HTTP/2 to the server.</summary>
    YarpHttp2,
}

/// <summary>A proxy that is a program, with a configuration in a folder of its own.</summary>
internal sealed class ProgramProxy : Proxy
{
    private readonly DirectoryInfo _folder;
    private readonly StringBuilder _output = new();
    private readonly Process _process;

    private ProgramProxy(string program, int port, DirectoryInfo folder)
    {
        _folder = folder;
        Address = new Uri($"http://127.0.0.1:{port}");
        string configuration = Path.Combine(folder.FullName, "proxy.conf");
        var start = new ProcessStartInfo($"/usr/sbin/{program}") { WorkingDirectory = folder.FullName, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in program == "nginx" ? (string[])["-e", "stderr", "-p", folder.FullName, "-c", configuration] : ["-db", "-f", configuration])
        {
            start.ArgumentList.Add(argument);
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => OnOutput(line.Data);
        _process.ErrorDataReceived += (_, line) => OnOutput(line.Data);
        try
        {
            _process.Start();
        }
        catch (Win32Exception missing)
        {
            throw new InvalidOperationException($"These tests stream through {program}, and there is no {start.FileName}. Install it (apt-get install {program}); ./test.sh does.", missing);
        }

        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public override Uri Address { get; }

    /// <param name="program">The program in /usr/sbin.</param>
    /// <param name="configure">Makes the configuration for a port to listen on.</param>
    public static async Task<ProgramProxy> StartAsync(string program, Func<int, string> configure)
    {
        const int Attempts = 5;
        for (int attempt = 1; ; attempt++)
        {
            int port = FreePort.Find();
            DirectoryInfo folder = Directory.CreateTempSubdirectory($"gai-pipelines-{program}-");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "proxy.conf"), configure(port));
            var proxy = new ProgramProxy(program, port, folder);
            if (await proxy.ListensAsync())
            {
                return proxy;
            }

            // Somebody else was faster to take the port.
            string output = proxy.Output;
            await proxy.DisposeAsync();
            Assert.True(attempt < Attempts && output.Contains("in use", StringComparison.Ordinal), $"{program} does not start: {output}");
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // The master of nginx takes its worker along.
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync().OrFail("the proxy ends");
        }

        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    private async Task<bool> ListensAsync()
    {
        bool listens = false;
        await Eventually.IsTrueAsync(() => _process.HasExited || (listens = Listens()), () => $"the proxy does not listen: {Output}");
        if (!listens)
        {
            // Waits for all of its output.
            await _process.WaitForExitAsync().OrFail();
        }

        return listens;
    }

    private bool Listens()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, Address.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void OnOutput(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
