using System.ComponentModel;
using System.Diagnostics;

namespace Gai.Pipelines.TestUtilities;

/// <summary>The clients of tests/clients, which run under Node.</summary>
public static class NodeClients
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly Lazy<Task<string>> Installed = new(InstallAsync);

    /// <summary>Runs a script to its end.</summary>
    /// <param name="script">A file of tests/clients.</param>
    /// <param name="input">The lines that it gets on its standard input.</param>
    /// <returns>The lines that it wrote on its standard output.</returns>
    public static async Task<string[]> RunAsync(string script, IEnumerable<string> input) =>
        await RunAsync("node", [script], await Installed.Value, input);

    /// <summary>Starts a script that goes on until its standard input is closed.</summary>
    /// <param name="script">A file of tests/clients.</param>
    /// <returns>Its process, which is the caller's.</returns>
    public static async Task<Process> StartAsync(string script) => Start("node", [script], await Installed.Value);

    // What npm leaves behind is as old as the lock file that it was made from, or not up to date.
    private static async Task<string> InstallAsync()
    {
        string folder = Path.Combine(RepositoryRoot(), "tests", "clients");
        DateTime installed = File.GetLastWriteTimeUtc(Path.Combine(folder, "node_modules", ".package-lock.json"));
        if (installed < File.GetLastWriteTimeUtc(Path.Combine(folder, "package-lock.json")))
        {
            await RunAsync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], folder, []);
        }

        return folder;
    }

    private static string RepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Pipelines.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests run outside of the repository, where tests/clients is.");
    }

    private static async Task<string[]> RunAsync(string program, string[] arguments, string folder, IEnumerable<string> input)
    {
        using Process process = Start(program, arguments, folder);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        foreach (string line in input)
        {
            await process.StandardInput.WriteLineAsync(line);
        }

        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"\"{program} {string.Join(' ', arguments)}\" in tests/clients has not ended after {Patience}.");
        }

        return process.ExitCode == 0
            ? (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            : throw new InvalidOperationException($"\"{program} {string.Join(' ', arguments)}\" in tests/clients failed with {process.ExitCode}:\n{await errors}");
    }
    private static Process Start(string program, string[] arguments, string folder)
    {
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        try
        {
            process.Start();
            return process;
        }
        catch (Win32Exception missing)
        {
            process.Dispose();
            throw new InvalidOperationException(
                $"These tests use clients from npm and need Node.js 20 or newer with npm: \"{program}\" cannot be started. Install it.", missing);
        }
    }
}
