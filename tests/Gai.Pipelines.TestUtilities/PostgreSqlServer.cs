using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Gai.Pipelines.TestUtilities;

/// <summary>A PostgreSQL server of one's own: in a temporary folder, on a free port of the loopback interface, gone when the process that started it is.</summary>
public sealed class PostgreSqlServer : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    // The server ends when it is told to, or when nobody is there any more who could: then the pipe is closed.
    private const string Guard = """
        dir=$1; shift
        "$@" </dev/null & server=$!
        read how || { how=QUIT; gone=1; }
        kill -"$how" $server; wait $server; code=$?
        [ -z "$gone" ] || rm -rf "$dir"
        exit $code
        """;

    private readonly string _binaries;
    private readonly string _folder;
    private readonly string[] _settings;
    private readonly ConcurrentQueue<string> _log = new();
    private Process? _process;

    private PostgreSqlServer(string binaries, string folder, int port, string[] settings)
    {
        _binaries = binaries;
        _folder = folder;
        Port = port;
        _settings = settings;
    }

    public int Port { get; }

    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=postgres;Database=postgres";

    /// <summary>Makes a cluster and starts its server.</summary>
    /// <param name="settings">Settings of the server, such as <c>fsync=off</c>.</param>
    public static async Task<PostgreSqlServer> StartAsync(params string[] settings)
    {
        string binaries = FindBinaries();
        string folder = (await RunAsync("mktemp", "-d", Path.Combine(Path.GetTempPath(), "gai-postgresql-XXXXXXXX"))).Trim();
        await RunAsync(Path.Combine(binaries, "initdb"), "-D", folder, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
        var server = new PostgreSqlServer(binaries, folder, FreePort.Find(), settings);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts the server, on the port that it had.</summary>
    public async Task StartAgainAsync()
    {
        string[] settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", $"port={Port}", .. _settings];
        var start = new ProcessStartInfo { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true };
        Say(start, ["sh", "-c", Guard, "sh", _folder, Path.Combine(_binaries, "postgres"), "-D", _folder, .. settings.SelectMany(setting => (string[])["-c", setting])]);
        var isReady = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { } text)
            {
                _log.Enqueue(text);
                while (_log.Count > 200)
                {
                    _log.TryDequeue(out string? _);
                }

                if (text.Contains("ready to accept connections", StringComparison.Ordinal))
                {
                    isReady.TrySetResult();
                }
            }
        };
        process.Start();
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        _process = process;
        await Task.WhenAny(isReady.Task, Task.Delay(Longest));
        if (!isReady.Task.IsCompleted)
        {
            await StopAsync(PostgreSqlStop.Immediate);
            throw new InvalidOperationException($"The PostgreSQL server did not start within {Longest.TotalSeconds:F0} s:\n{string.Join('\n', _log)}");
        }
    }

    /// <summary>Stops the server.</summary>
    public async Task StopAsync(PostgreSqlStop how)
    {
        if (Interlocked.Exchange(ref _process, null) is { } process)
        {
            await process.StandardInput.WriteLineAsync(how == PostgreSqlStop.Fast ? "INT" : "QUIT");
            await process.StandardInput.FlushAsync();
            using var deadline = new CancellationTokenSource(Longest);
            await process.WaitForExitAsync(deadline.Token);
            process.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(PostgreSqlStop.Immediate);
        await RunAsync("rm", "-rf", _folder);
    }

    private static string FindBinaries()
    {
        const string Debian = "/usr/lib/postgresql";
        IEnumerable<string> folders = Directory.Exists(Debian)
            ? Directory.GetDirectories(Debian).OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out int version) ? version : 0).Select(folder => Path.Combine(folder, "bin"))
            : [];
        string? found = folders.Append(BinariesOfConfig()).FirstOrDefault(folder => folder is not null && File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")));
        return found ?? throw new InvalidOperationException(
            "The PostgreSQL server is missing: neither /usr/lib/postgresql/*/bin nor what pg_config --bindir names has initdb and postgres. Install it: apt-get install postgresql");
    }

    private static string? BinariesOfConfig()
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("pg_config", "--bindir") { RedirectStandardOutput = true })!;
            return process.StandardOutput.ReadToEnd().Trim();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Says what to run. The server refuses to run as root.</summary>
    private static void Say(ProcessStartInfo start, IEnumerable<string> command)
    {
        string[] all = Environment.IsPrivilegedProcess && !RuntimeInformation.IsOSPlatform(OSPlatform.Windows)
            ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", .. command]
            : [.. command];
        start.FileName = all[0];
        Array.ForEach(all[1..], start.ArgumentList.Add);
        start.WorkingDirectory = Path.GetTempPath();
    }

    private static async Task<string> RunAsync(params string[] command)
    {
        var start = new ProcessStartInfo { RedirectStandardOutput = true, RedirectStandardError = true };
        Say(start, command);
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{command[0]} ended with exit code {process.ExitCode}: {await errors}");
    }
}

/// <summary>How a server is stopped.</summary>
public enum PostgreSqlStop
{
    /// <summary>Connections are cut, and what is committed is written.</summary>
    Fast,

    /// <summary>As in a crash: the next start recovers from the log.</summary>
    Immediate,
}
