using System.Diagnostics;
using System.Text;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests.Sample;

/// <summary>The sample as a user starts it: a process of its own, on free loopback ports.</summary>
public sealed class SampleProgram : IAsyncLifetime
{
    private readonly Process _process = new();
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets more settings, as the environment names them.</summary>
    public Dictionary<string, string> Settings { get; init; } = [];

    /// <summary>Gets the addresses: HTTP/1.1 and HTTP/2.</summary>
    public List<Uri> Addresses { get; } = [];

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public async ValueTask InitializeAsync()
    {
        _process.StartInfo = new ProcessStartInfo(Environment.ProcessPath is { } dotnet && Path.GetFileNameWithoutExtension(dotnet) == "dotnet" ? dotnet : "dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "Gai.Pipelines.Chat.dll") },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["Kestrel__Endpoints__Http1__Url"] = "http://127.0.0.1:0",
                ["Kestrel__Endpoints__Http2__Url"] = "http://127.0.0.1:0",
                ["Model__TokensPerSecond"] = "100",
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
            },
        };
        foreach ((string name, string value) in Settings)
        {
            _process.StartInfo.Environment[name] = value;
        }

        _process.OutputDataReceived += (_, line) => OnOutput(line.Data);
        _process.ErrorDataReceived += (_, line) => OnOutput(line.Data);
        _process.EnableRaisingEvents = true;
        _process.Exited += (_, _) => _started.TrySetException(new InvalidOperationException($"The sample ended: {Output}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await _started.Task.OrFail("the sample listens");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync().OrFail();
        }

        _process.Dispose();
    }

    private void OnOutput(string? line)
    {
        const string Listening = "Now listening on: ";
        lock (_output)
        {
            _output.AppendLine(line);
            if (line?.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and int at)
            {
                Addresses.Add(new Uri(line[(at + Listening.Length)..]));
            }

            if (line?.Contains("Application started", StringComparison.Ordinal) == true)
            {
                _started.TrySetResult();
            }
        }
    }
}
