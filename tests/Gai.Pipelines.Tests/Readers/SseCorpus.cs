using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gai.Pipelines.Tests.Readers;

/// <summary>A case of <c>corpora/sse-parse.json</c>, or one of ours.</summary>
internal sealed record SseCase(string Id, byte[] Input, int[]? Sizes, SseLog? Expected)
{
    public override string ToString() => Id;
}

/// <summary>An event as a reader gave it; of <see cref="Id"/> and <see cref="Retry"/> what its own block has said.</summary>
internal sealed record SseSeen(string Name, string Data, string LastEventId, string? Id = null, string? Retry = null);

/// <summary>All that a reader said about a stream.</summary>
internal sealed record SseLog(IReadOnlyList<SseSeen> Events, string LastEventId, string? Retry, int Comments)
{
    /// <summary>Leaves out what only our reader tells of single events.</summary>
    public SseLog Brief() => this with { Events = [.. Events.Select(item => new SseSeen(item.Name, item.Data, item.LastEventId))] };

    public override string ToString() =>
        string.Join('\n', Events.Append((object)string.Create(CultureInfo.InvariantCulture, $"end: last id \"{LastEventId}\", retry {Retry}, {Comments} comments")));
}

/// <summary>The event streams that readers are tested with.</summary>
/// <remarks>
/// The cases of the corpus come from the test suites of browsers, parsers and clients (each names its source) and say what
/// a reader must find. Ours have no expectation: for them, and for all cases with other line ends, the oracles decide.
/// </remarks>
internal static class SseCorpus
{
    private static readonly string[] Own =
    [
        "\n\n\ndata: after blank lines\n\n",
        "data: a\ndata: b\n\ndata: c\n\n",
        "event: e\ndata: {\"x\":1}\nid: 7\nretry: 1500\n\nretry: 2500\n\nid: 8\n\ndata: sticky\n\n",
        "event: one\nevent: two\ndata: last name wins\n\n",
        "event: lost\n\ndata: without the name of the block before\n\n",
        "event: lost\nevent:\ndata: an empty name means message\n\n",
        "id: 1\nid: a\0b\ndata: NUL is ignored\n\nid\ndata: reset\n\n",
        ": comment\n:no space\n:\n: two\n\ndata:x\n: inside\ndata:y\n\n",
        "retry: 12a\nretry: -1\nretry: \u0661\nretry:\nretry: 007\ndata: digits only\n\n",
        "data\ndata:\ndata: \ndata:  \n\n",
        "Data: case\nDATA: counts\ndata : so do spaces\n data: x\ndata: y\n\n",
        "data: \u00E9\u20AC\U0001F600\nevent: \U0001F600\nid: \u20AC\n\n",
        "data: a\u0085b\u2028c\u2029d\ve\ff\n\n",
        "data: \uFEFFkept\n\n\uFEFFdata: a field of another name\n\n",
        "\uFEFFdata: first\n\n",
        "\uFEFF\uFEFFdata: a field of another name\n\ndata: x\n\n",
        "\uFEFF\n\ndata: x\n\n",
        "data: complete\n\ndata: not complete\n",
        "data: complete\n\nid: 9\nevent: x\ndata: not complete",
        "id: 9\n\nid: 10\n",
        "",
        "\n",
    ];

    public static IReadOnlyDictionary<string, SseCase> Cases { get; } = Load();

    public static TheoryData<string> Ids => [.. Cases.Keys];

    /// <summary>Gives a case with LF for every line end, and with another line end instead of each LF.</summary>
    public static byte[] WithLineEnds(byte[] input, string lineEnd)
    {
        string latin = Encoding.Latin1.GetString(input).Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        return Encoding.Latin1.GetBytes(latin.Replace("\n", lineEnd, StringComparison.Ordinal));
    }

    private static Dictionary<string, SseCase> Load()
    {
        byte[] json = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "corpora", "sse-parse.json"));
        using JsonDocument document = JsonDocument.Parse(json);
        var cases = document.RootElement.GetProperty("cases").EnumerateArray().Select(ToCase).ToDictionary(one => one.Id, StringComparer.Ordinal);
        for (int i = 0; i < Own.Length; i++)
        {
            string id = string.Create(CultureInfo.InvariantCulture, $"own-{i + 1:00}");
            cases.Add(id, new SseCase(id, Encoding.UTF8.GetBytes(Own[i]), null, null));
        }

        byte[] broken = [.. "data: "u8, 0xE2, 0x82, .. "\ndata: "u8, 0xFF, .. "x\nevent: "u8, 0xC3, .. "\nid: "u8, 0xF0, 0x9F, .. "\n\n"u8];
        cases.Add("own-invalid-utf8", new SseCase("own-invalid-utf8", broken, null, null));
        return cases;
    }

    private static SseCase ToCase(JsonElement one)
    {
        JsonElement expected = one.GetProperty("expected");
        JsonElement final = expected.GetProperty("final");
        return new SseCase(
            one.GetProperty("id").GetString()!,
            one.GetProperty("input_b64").GetBytesFromBase64(),
            one.TryGetProperty("chunk_sizes", out JsonElement sizes) ? [.. sizes.EnumerateArray().Select(size => size.GetInt32())] : null,
            new SseLog(
                [
                    .. expected.GetProperty("events").EnumerateArray().Select(item => new SseSeen(
                        item.GetProperty("event").GetString()!,
                        item.GetProperty("data").GetString()!,
                        item.GetProperty("lastEventId").GetString()!,
                        item.GetProperty("id").GetString(),
                        Number(item.GetProperty("retry")))),
                ],
                final.GetProperty("lastEventId").GetString()!,
                Number(final.GetProperty("retry")),
                expected.GetProperty("comments").GetInt32()));
    }

    private static string? Number(JsonElement value) => value.ValueKind == JsonValueKind.Null ? null : value.GetRawText();
}
