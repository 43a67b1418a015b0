using System.Text;
using System.Text.Json;

namespace Gai.Pipelines.Tests.Readers;

/// <summary>A case of <c>corpora/ndjson.json</c>.</summary>
/// <param name="Records">The records that are certain: all of them, or those before the bad or doubtful one.</param>
/// <param name="BadRecord">The number of the bad or doubtful record, from 0; -1 if there is none.</param>
/// <param name="IsEither">Whether the record may be taken or refused.</param>
/// <param name="RecordsWithoutBad">The records when bad ones are passed over; <see langword="null"/> if nobody says.</param>
internal sealed record NdjsonCase(
    string Id, byte[] Input, IReadOnlyList<string> Records, int BadRecord, bool IsEither, IReadOnlyList<string>? RecordsWithoutBad);

/// <summary>The cases of six projects' test suites and of JSONTestSuite, each a record between two good ones; see the corpus's field <c>rules</c>.</summary>
internal static class NdjsonCorpus
{
    public static IReadOnlyDictionary<string, NdjsonCase> Cases { get; } = Load();

    public static TheoryData<string> Ids => [.. Cases.Keys];

    private static Dictionary<string, NdjsonCase> Load()
    {
        byte[] json = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "corpora", "ndjson.json"));
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty("cases").EnumerateArray().Select(ToCase).ToDictionary(one => one.Id, StringComparer.Ordinal);
    }

    private static NdjsonCase ToCase(JsonElement one)
    {
        JsonElement expected = one.GetProperty("expected");
        string id = one.GetProperty("id").GetString()!;
        byte[] input = one.TryGetProperty("input_b64", out JsonElement base64) ? base64.GetBytesFromBase64() : Generate(one.GetProperty("input_gen"));
        return expected.GetProperty("kind").GetString() switch
        {
            "records" => new NdjsonCase(id, input, Texts(expected.GetProperty("records")), -1, false, Texts(expected.GetProperty("records"))),
            "error" => new NdjsonCase(
                id,
                input,
                Texts(expected.GetProperty("records_before_error")),
                expected.GetProperty("error_at_record").GetInt32(),
                false,
                Texts(expected.GetProperty("records_if_skipping_bad"))),
            _ => new NdjsonCase(id, input, Texts(expected.GetProperty("records_before")), expected.GetProperty("at_record").GetInt32(), true, null),
        };
    }

    private static byte[] Generate(JsonElement pieces)
    {
        using var bytes = new MemoryStream();
        foreach (JsonElement piece in pieces.EnumerateArray())
        {
            for (int i = 0; i < piece.GetProperty("times").GetInt32(); i++)
            {
                bytes.Write(piece.GetProperty("b64").GetBytesFromBase64());
            }
        }

        return bytes.ToArray();
    }

    private static string[] Texts(JsonElement list) => [.. list.EnumerateArray().Select(text => text.GetString()!)];
}
