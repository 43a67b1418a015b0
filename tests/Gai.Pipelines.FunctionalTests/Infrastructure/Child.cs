using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Gai.Pipelines.FaultHost;

namespace Gai.Pipelines.FunctionalTests;

/// <summary>A process of its own, in a role of Gai.Pipelines.FaultHost. It is told what to do by lines, and answers with lines.</summary>
internal sealed class Child : IAsyncDisposable
{
    // Ten thousand clients connect within it, beside whatever else a machine of two cores does.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private Child(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>The files and sockets that it has open.</summary>
    public int OpenFiles => Directory.GetFileSystemEntries($"/proc/{Id}/fd").Length;

    /// <summary>Whether it is stopped: a signal stops a process soon, not at once.</summary>
    public bool IsStopped => File.ReadAllText($"/proc/{Id}/stat").Split(' ')[2] == "T";

    /// <param name="role">What it is, and with what.</param>
    public static Child Start(params IEnumerable<string> role) => Start(new Surroundings(), role);

    /// <param name="surroundings">What it finds itself in.</param>
    /// <param name="role">What it is, and with what.</param>
    public static Child Start(Surroundings surroundings, params IEnumerable<string> role)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Gai.Pipelines.FaultHost.dll");
        var start = surroundings.MaxFiles is not { } maxFiles ? new ProcessStartInfo("dotnet") : new ProcessStartInfo("sh")
        {
            ArgumentList = { "-c", string.Create(CultureInfo.InvariantCulture, $"ulimit -n {maxFiles} && exec dotnet \"$@\""), "sh" },
        };
        foreach (string argument in (IEnumerable<string>)[program, .. role])
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in surroundings.Variables)
        {
            start.Environment[name] = value;
        }

        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        return new Child(Process.Start(start)!);
    }

    /// <summary>Starts a server, and waits until it listens.</summary>
    /// <returns>Also the ports of HTTP/1.1 and HTTP/2.</returns>
    public static async Task<(Child Server, int[] Ports)> StartServerAsync(Surroundings? surroundings = null, params string[] options)
    {
        Child server = Start(surroundings ?? new Surroundings(), ["server", .. options]);
        string ports = await server.ReadLineAsync("the ports");
        return (server, [.. ports.Split(' ').Select(static port => int.Parse(port, CultureInfo.InvariantCulture))]);
    }

    /// <summary>Reads the next line that it says.</summary>
    public async Task<string> ReadLineAsync(string what)
    {
        try
        {
            return await _process.StandardOutput.ReadLineAsync().WaitAsync(Longest) ?? throw new EndOfStreamException($"It ended before {what}: {await _errors}");
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"This did not come within {Longest}: {what}");
        }
    }

    /// <summary>Tells it what to do, and reads what it says to that.</summary>
    public async Task<string> AskAsync(string line)
    {
        await TellAsync(line);
        return await ReadLineAsync($"the answer to \"{line}\"");
    }

    public async Task TellAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Asks a server how it is.</summary>
    public async Task<ServerState> StateAsync() => JsonSerializer.Deserialize(await AskAsync("state"), HostJson.Default.ServerState)!;

    /// <summary>Has a server collect its garbage, and tell what is left: the bytes of all objects, and those of them that are the blocks of its pools.</summary>
    public async Task<(long Bytes, long Pinned)> HeapAsync()
    {
        long[] both = [.. (await AskAsync("heap")).Split(' ').Select(static number => long.Parse(number, CultureInfo.InvariantCulture))];
        return (both[0], both[1]);
    }

    /// <summary>Asks a server how it is until it is as expected.</summary>
    public async Task<ServerState> UntilAsync(Func<ServerState, bool> condition, string what)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            ServerState state = await StateAsync();
            if (condition(state))
            {
                return state;
            }

            Assert.True(Stopwatch.GetElapsedTime(start) < Longest, $"This did not come within {Longest}: {what}; it is {state}");
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
    }

    /// <summary>Waits until nothing is left of any stream.</summary>
    public Task<ServerState> IsIdleAsync() => UntilAsync(static state => state.IsIdle, "the server is idle");

    /// <summary>Sends it a signal: STOP, CONT or KILL.</summary>
    public async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"kill -{signal} {Id}")]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Waits until it has ended by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Longest);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // A stopped process can be killed as well.
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}

/// <summary>What a process finds itself in.</summary>
internal sealed record Surroundings
{
    /// <summary>How many files and sockets it may have open.</summary>
    public int? MaxFiles { get; init; }

    /// <summary>Variables of its environment.</summary>
    public Dictionary<string, string> Variables { get; init; } = [];
}
