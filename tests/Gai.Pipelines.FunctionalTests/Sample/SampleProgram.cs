using System.Diagnostics;
using System.Text;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests.Sample;

/// <summary>The sample as a user starts it: a process of its own, on free loopback ports.</summary>
public sealed class SampleProgram : IAsyncLifetime
{
    // It ends when it is told to, or when nobody is there any more who could: then the pipe is closed.
    private const string Guard = """
        exec 3<&0
        "$@" 3<&- </dev/null & sample=$!
        (read how <&3; kill -KILL $sample) & guard=$!
        exec 3<&-
        wait $sample; code=$?
        kill $guard
        exit $code
        """;

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
        string dotnet = Environment.ProcessPath is { } own && Path.GetFileNameWithoutExtension(own) == "dotnet" ? own : "dotnet";
        _process.StartInfo = new ProcessStartInfo("sh")
        {
            ArgumentList = { "-c", Guard, "sh", dotnet, Path.Combine(AppContext.BaseDirectory, "Gai.Pipelines.Chat.dll") },
            RedirectStandardInput = true,
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

    /// <summary>Kills it as <c>kill -9</c> does.</summary>
    public async Task KillAsync()
    {
        await _process.StandardInput.WriteLineAsync("now");
        await _process.StandardInput.FlushAsync();
        await _process.WaitForExitAsync().OrFail("the sample is gone");
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
