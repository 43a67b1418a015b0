using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gai.Pipelines.Tests.Readers;

/// <summary>npm's eventsource-parser, run once for all cases in one process of Node.</summary>
public sealed class NodeParser : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Dictionary<string, JsonElement> _answers = new(StringComparer.Ordinal);

    /// <summary>What the parser read of a case: <c>whole</c> and <c>pieces</c>.</summary>
    internal JsonElement this[string id] => _answers[id];

    /// <summary>The streams that the parser is asked about: all cases as they are and with each line end.</summary>
    internal static IReadOnlyDictionary<string, byte[]> Cases { get; } = SseCorpus.Cases.Values
        .SelectMany(one => (IEnumerable<(string Id, byte[] Input)>)
        [
            (one.Id, one.Input),
            (one.Id + "+LF", SseCorpus.WithLineEnds(one.Input, "\n")),
            (one.Id + "+CR", SseCorpus.WithLineEnds(one.Input, "\r")),
            (one.Id + "+CRLF", SseCorpus.WithLineEnds(one.Input, "\r\n")),
        ])
        .ToDictionary(one => one.Id, one => one.Input, StringComparer.Ordinal);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        string folder = Path.Combine(RepositoryRoot(), "tests", "clients");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "eventsource-parser")))
        {
            await RunAsync("npm", ["ci", "--no-audit", "--no-fund"], folder, []);
        }

        IEnumerable<string> questions = Cases.Select(one =>
            new JsonObject { ["id"] = one.Key, ["base64"] = Convert.ToBase64String(one.Value) }.ToJsonString());
        foreach (string line in await RunAsync("node", ["eventsource-parser.mjs"], folder, questions))
        {
            JsonElement answer = JsonDocument.Parse(line).RootElement;
            _answers.Add(answer.GetProperty("id").GetString()!, answer);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

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
        using var process = new Process
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
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new InvalidOperationException(
                $"These tests hold the reader against npm's eventsource-parser and need Node.js 20 or newer with npm: \"{program}\" cannot be started. Install it.", missing);
        }

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
}
