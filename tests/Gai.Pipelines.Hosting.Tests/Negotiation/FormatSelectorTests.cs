using Microsoft.Extensions.Primitives;

namespace Gai.Pipelines.Hosting.Tests.Negotiation;

/// <summary>RFC 9110, 12.5.1 and 12.4.2.</summary>
public sealed class FormatSelectorTests
{
    private const StreamFormat Sse = StreamFormat.ServerSentEvents;
    private const StreamFormat Ndjson = StreamFormat.Ndjson;
    private const StreamFormat Jsonl = StreamFormat.JsonLines;
    private const StreamFormat Json = StreamFormat.JsonDocument;

    private static readonly StreamFormat[] All = [Sse, Ndjson, Jsonl, Json];

    [Theory]
    // Each by its name, in any case
    [InlineData("text/event-stream", Sse)]
    [InlineData("application/x-ndjson", Ndjson)]
    [InlineData("application/jsonl", Jsonl)]
    [InlineData("application/json", Json)]
    [InlineData("Application/X-NDJSON", Ndjson)]
    [InlineData("TEXT/EVENT-STREAM", Sse)]
    // Wildcards; where all are equal, the server prefers
    [InlineData("*/*", Sse)]
    [InlineData("text/*", Sse)]
    [InlineData("application/*", Ndjson)]
    [InlineData("application/*, text/*", Sse)]
    [InlineData("application/json, text/event-stream", Sse)]
    [InlineData("text/html, application/xhtml+xml, */*;q=0.8", Sse)]
    [InlineData("image/png, application/json", Json)]
    // The client's preference beats the server's
    [InlineData("text/event-stream;q=0.5, application/x-ndjson", Ndjson)]
    [InlineData("text/event-stream;q=0.5, application/x-ndjson;q=0.501", Ndjson)]
    [InlineData("application/jsonl;q=0.2, application/json;q=0.3", Json)]
    [InlineData("text/event-stream ; q=0.1 , application/json ; q=0.9", Json)]
    [InlineData("text/event-stream;Q=0.1, application/json", Json)]
    // The most specific range decides, wherever it stands and whatever its weight
    [InlineData("*/*;q=0.1, application/jsonl", Jsonl)]
    [InlineData("application/jsonl, */*;q=0.1", Jsonl)]
    [InlineData("*/*, text/event-stream;q=0.1", Ndjson)]
    [InlineData("text/event-stream;q=0.1, text/*, application/json;q=0.5", Json)]
    [InlineData("application/*;q=0.9, application/x-ndjson;q=0.1, application/jsonl;q=0.2", Json)]
    [InlineData("text/event-stream;q=0.1, text/event-stream;charset=utf-8, application/json;q=0.5", Sse)]
    // q=0 forbids
    [InlineData("text/event-stream;q=0, */*", Ndjson)]
    [InlineData("*/*, text/event-stream;q=0, application/x-ndjson;q=0.000", Jsonl)]
    [InlineData("application/*;q=0, */*;q=0.1", Sse)]
    // Our own charset is no obstacle
    [InlineData("application/x-ndjson;charset=utf-8", Ndjson)]
    [InlineData("application/json; charset=\"UTF-8\"; q=0.4", Json)]
    // A header that says nothing
    [InlineData("", Sse)]
    [InlineData("  ", Sse)]
    [InlineData(";;;", Sse)]
    [InlineData("nonsense", Sse)]
    // The parts that can be read count
    [InlineData("nonsense, application/json", Json)]
    [InlineData("application/json, ,, nonsense", Json)]
    public void Select_AcceptHeader_GivesBestFormat(string accept, StreamFormat expected) =>
        Assert.Equal(expected, FormatSelector.Select(accept, All));

    [Theory]
    [InlineData("text/html")]
    [InlineData("image/*")]
    [InlineData("*/*;q=0")]
    [InlineData("text/event-stream;q=0")]
    [InlineData("text/*;q=0, application/*;q=0, */*;q=0")]
    [InlineData("application/json;charset=utf-16")]
    [InlineData("application/json;profile=\"https://example.org\"")]
    [InlineData("application/*+json")]
    public void Select_NothingAcceptable_GivesNull(string accept) => Assert.Null(FormatSelector.Select(accept, All));

    [Fact]
    public void Select_NoHeader_GivesPreferredFormat()
    {
        Assert.Equal(Sse, FormatSelector.Select(StringValues.Empty, All));
        Assert.Equal(Json, FormatSelector.Select(StringValues.Empty, [Json, Sse]));
    }

    [Fact]
    public void Select_SeveralHeaderLines_ReadsAllOfThem() =>
        Assert.Equal(Ndjson, FormatSelector.Select(new StringValues(["text/event-stream;q=0.5", "application/x-ndjson"]), All));

    [Fact]
    public void Select_FormatNotOffered_GivesNextBest()
    {
        Assert.Equal(Sse, FormatSelector.Select("application/x-ndjson, text/event-stream;q=0.1", [Sse]));
        Assert.Null(FormatSelector.Select("application/x-ndjson", [Sse]));
    }
}
