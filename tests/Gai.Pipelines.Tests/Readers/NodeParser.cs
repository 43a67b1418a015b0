using System.Text.Json;
using System.Text.Json.Nodes;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Readers;

/// <summary>npm's eventsource-parser, run once for all cases in one process of Node.</summary>
public sealed class NodeParser : IAsyncLifetime
{
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
        IEnumerable<string> questions = Cases.Select(one =>
            new JsonObject { ["id"] = one.Key, ["base64"] = Convert.ToBase64String(one.Value) }.ToJsonString());
        foreach (string line in await NodeClients.RunAsync("eventsource-parser.mjs", questions))
        {
            JsonElement answer = JsonDocument.Parse(line).RootElement;
            _answers.Add(answer.GetProperty("id").GetString()!, answer);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
