using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Gai.Pipelines.Benchmarks.Reports;

namespace Gai.Pipelines.Benchmarks.Ticks;

/// <summary>The sample as a process of its own, on two free ports of the loopback interface.</summary>
internal sealed class SampleServer : IDisposable
{
    private readonly Process _process;

    private SampleServer(Process process, Uri http1, Uri http2)
    {
        _process = process;
        Http1 = http1;
        Http2 = http2;
    }

    public int ProcessId => _process.Id;

    public Uri Http1 { get; }

    public Uri Http2 { get; }

    /// <param name="settings">Settings of the sample, by the names of environment variables.</param>
    public static async Task<SampleServer> StartAsync(IReadOnlyDictionary<string, string>? settings = null)
    {
        string project = Path.Combine(Repository.Root, "samples", "Gai.Pipelines.Chat");
        using (Process build = Process.Start(new ProcessStartInfo("dotnet", "build -c Release -v quiet") { WorkingDirectory = project })!)
        {
            await build.WaitForExitAsync();
            if (build.ExitCode != 0)
            {
                throw new InvalidOperationException("samples/Gai.Pipelines.Chat does not build.");
            }
        }

        var http1 = new Uri($"http://127.0.0.1:{FreePort()}");
        var http2 = new Uri($"http://127.0.0.1:{FreePort()}");
        string program = Path.Combine(project, "bin", "Release", "net10.0", "Gai.Pipelines.Chat.dll");
        var start = new ProcessStartInfo("dotnet", [program]) { WorkingDirectory = project };
        start.Environment["Kestrel__Endpoints__Http1__Url"] = http1.OriginalString;
        start.Environment["Kestrel__Endpoints__Http2__Url"] = http2.OriginalString;
        foreach ((string name, string value) in settings ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        var server = new SampleServer(Process.Start(start)!, http1, http2);
        try
        {
            await server.WaitUntilReadyAsync();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task WaitUntilReadyAsync()
    {
        using var client = new HttpClient();
        for (int attempt = 0; attempt < 300; attempt++)
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"The sample ended with exit code {_process.ExitCode}.");
            }

            try
            {
                using HttpResponseMessage page = await client.GetAsync(Http1);
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(100);
            }
        }

        throw new TimeoutException("The sample did not answer within 30 seconds.");
    }
}
