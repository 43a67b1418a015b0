using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>A server as a process of its own, as the client sees it. It ends when this one lets go or ends, however it ends.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly SemaphoreSlim _turn = new(1);
    private ServerReady _ready = new(0, 0);

    private ServerProcess(ContenderSpec spec, Process process)
    {
        Spec = spec;
        _process = process;
        process.ErrorDataReceived += OnError;
        process.BeginErrorReadLine();
    }

    public ContenderSpec Spec { get; }

    /// <summary>What it has logged as errors.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    /// <summary>Starts a server, and waits until it listens.</summary>
    public static async Task<ServerProcess> StartAsync(ContenderSpec spec, WireFormat format)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ServerProcess).Assembly.Location);
        }

        foreach (string argument in (string[])[ServerHost.Verb, spec.Text, format.Name])
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in spec.Environment())
        {
            start.Environment[name] = value;
        }

        var server = new ServerProcess(spec, Process.Start(start)!);
        try
        {
            server._ready = await server.ReadAsync(LoadJson.Default.ServerReady);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address(Protocol protocol) => new(IPAddress.Loopback, protocol == Protocol.Http2 ? _ready.Http2Port : _ready.Http1Port);

    public Task<ServerUsage> UsageAsync() => AskAsync(ControlLoop.Usage, LoadJson.Default.ServerUsage);

    public Task<ServerUsage> CollectAsync() => AskAsync(ControlLoop.Collect, LoadJson.Default.ServerUsage);

    public Task<ServerStreams> StreamsAsync() => AskAsync(ControlLoop.Streams, LoadJson.Default.ServerStreams);

    public Task<TickState> TicksAsync() => AskAsync(ControlLoop.Ticks, LoadJson.Default.TickState);

    public Task TickAsync(TickPlan plan) => AskAsync($"{ControlLoop.Tick} {JsonSerializer.Serialize(plan, LoadJson.Default.TickPlan)}", LoadJson.Default.Object);

    public Task CompleteAsync() => AskAsync(ControlLoop.Complete, LoadJson.Default.Object);

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        try
        {
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        }
        catch (TimeoutException)
        {
            _process.Kill();
        }

        _process.Dispose();
        _turn.Dispose();
    }

    private async Task<T> AskAsync<T>(string order, JsonTypeInfo<T> answer)
    {
        await _turn.WaitAsync();
        try
        {
            await _process.StandardInput.WriteLineAsync(order);
            await _process.StandardInput.FlushAsync();
            return await ReadAsync(answer);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<T> ReadAsync<T>(JsonTypeInfo<T> type)
    {
        using var deadline = new CancellationTokenSource(Patience);
        string line;
        try
        {
            line = await _process.StandardOutput.ReadLineAsync(deadline.Token) ?? throw new InvalidOperationException($"The server {Spec.Text} has ended: {Errors}");
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The server {Spec.Text} did not answer within {Patience.TotalSeconds} s: {Errors}");
        }

        return JsonSerializer.Deserialize(line, type)!;
    }

    private void OnError(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is { Length: > 0 } text)
        {
            lock (_errors)
            {
                _errors.AppendLine(text);
            }
        }
    }
}
