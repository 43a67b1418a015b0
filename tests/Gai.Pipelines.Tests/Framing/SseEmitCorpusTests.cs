using System.Text.Json;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Framing;

/// <summary>
/// Runs the cases of <c>corpora/sse-emit.json</c>, which collects how six projects test what they emit (each case names
/// its source). The encoder gets <c>in</c>, and what a reader of the standard makes of its bytes is compared with <c>expect</c>.
/// </summary>
public sealed class SseEmitCorpusTests
{
    private static readonly Dictionary<string, JsonElement> Cases = Load();

    public static TheoryData<string> Ids => [.. Cases.Keys];

    [Fact]
    public void Corpus_IsWhole() => Assert.Equal(40, Cases.Count);

    [Theory]
    [MemberData(nameof(Ids))]
    public void Encode_Case_GivesWhatIsExpected(string id) => AssertExpected(Cases[id]);

    [Theory]
    [MemberData(nameof(Ids))]
    public void Encode_CaseInOtherCultures_GivesTheSame(string id) => Encoded.InEveryCulture(() => AssertExpected(Cases[id]));

    private static void AssertExpected(JsonElement one)
    {
        JsonElement expect = one.GetProperty("expect");
        JsonElement[] accepted = expect.TryGetProperty("or", out JsonElement others) ? [expect, .. others.EnumerateArray()] : [expect];
        string outcome = Outcome(one.GetProperty("in"));
        Assert.Contains(outcome, accepted.Select(Describe));
    }

    /// <summary>What came out, as text: the events and the reconnection time, or that it was refused.</summary>
    private static string Outcome(JsonElement input)
    {
        try
        {
            WhatwgClient read = Encoded.ReadSse(Encoded.Bytes(output => Encode(output, input)));
            return Describe(read.Events.Select(item => (item.Type, item.Data, item.LastEventId)), read.Retry);
        }
        catch (ArgumentException)
        {
            Encoded.Refused<ArgumentException>(output => Encode(output, input));
            return "reject";
        }
    }

    private static string Describe(JsonElement expect) => expect.GetProperty("kind").GetString() == "reject"
        ? "reject"
        : Describe(
            expect.GetProperty("events").EnumerateArray()
                .Select(item => (item.GetProperty("event").GetString()!, item.GetProperty("data").GetString()!, item.GetProperty("lastEventId").GetString()!)),
            expect.TryGetProperty("retry", out JsonElement retry) && retry.ValueKind == JsonValueKind.Number ? retry.GetRawText() : null);

    private static string Describe(IEnumerable<(string Type, string Data, string Id)> events, string? retry) =>
        string.Join(" | ", events) + ", retry " + (retry ?? "none");

    private static void Encode(FrameWriter output, JsonElement input)
    {
        string? Field(string name) => input.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

        if (Field("comment") is { } comment)
        {
            SseEncoder.WriteComment(output, comment);
        }

        if (input.TryGetProperty("data", out JsonElement data))
        {
            TimeSpan? retry = input.TryGetProperty("retry_ms", out JsonElement wait) ? TimeSpan.FromMilliseconds(wait.GetDouble()) : null;
            SseEncoder.WriteText(output, new SseFields(new EventName(Field("event")), new EventId(Field("id")), retry), data.GetString());
        }
    }

    private static Dictionary<string, JsonElement> Load()
    {
        byte[] json = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "corpora", "sse-emit.json"));
        return JsonDocument.Parse(json).RootElement.GetProperty("cases").EnumerateArray()
            .ToDictionary(one => one.GetProperty("id").GetString()!, StringComparer.Ordinal);
    }
}
