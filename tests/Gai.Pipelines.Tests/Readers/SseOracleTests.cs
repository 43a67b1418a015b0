using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Gai.Pipelines.Tests.Readers;

/// <summary>Holds our reader against readers of others. Where they differ from the standard, the difference is listed and asserted.</summary>
public sealed class SseOracleTests(NodeParser node) : IClassFixture<NodeParser>
{
    /// <summary>
    /// Where <c>SseParser</c> differs from the standard and from browsers, and the names that it gives to the events: an empty
    /// <c>event</c> is an empty name to it and not <c>message</c>, and a name outlives a block without data (own-05).
    /// </summary>
    private static readonly Dictionary<string, string[]> FrameworkNames = new(StringComparer.Ordinal)
    {
        ["wpt-format-field-event-empty"] = [""],
        ["esp-empty-event"] = ["", "done"],
        ["okhttp-naked-names"] = [""],
        ["sseclient-empty-event"] = [""],
        ["own-05"] = ["lost"],
        ["own-06"] = [""],
    };

    public static TheoryData<string> Ids => [.. NodeParser.Cases.Keys];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task ReadAsync_AnyCase_AgreesWithTheParserOfNpm(string id)
    {
        SseLog ours = await SseReaderMatrixTests.ReadAsync(PieceReader.Of(NodeParser.Cases[id]));
        foreach (string way in (string[])["whole", "pieces"])
        {
            JsonElement theirs = node[id].GetProperty(way);
            Assert.Equal(
                ours.Events.Select(item => (item.Name, item.Data, item.Id)),
                theirs.GetProperty("events").EnumerateArray().Select(item =>
                    (item.GetProperty("event").GetString() ?? "message", item.GetProperty("data").GetString()!, item.GetProperty("id").GetString())));
            Assert.Equal(ours.Comments, theirs.GetProperty("comments").GetArrayLength());
            Assert.Equal(ours.Retry ?? "null", theirs.GetProperty("retry").GetRawText());
        }
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task ReadAsync_AnyCase_AgreesWithTheParserOfTheFramework(string id)
    {
        SseLog ours = await SseReaderMatrixTests.ReadAsync(PieceReader.Of(NodeParser.Cases[id]));
        SseParser<string> parser = SseParser.Create(new MemoryStream(NodeParser.Cases[id]));
        var theirs = new List<(string Name, string Data, string LastEventId)>();
        foreach (SseItem<string> item in parser.Enumerate())
        {
            theirs.Add((item.EventType, item.Data, parser.LastEventId));
        }

        Assert.Equal(ours.Events.Select(item => (item.Data, item.LastEventId)), theirs.Select(item => (item.Data, item.LastEventId)));
        string[] names = [.. ours.Events.Select(item => item.Name)];
        if (FrameworkNames.TryGetValue(id.Split('+')[0], out string[]? differing))
        {
            Assert.NotEqual(names, differing);
        }

        Assert.Equal(differing ?? names, theirs.Select(item => item.Name));
    }
}
