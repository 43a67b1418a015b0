using System.Globalization;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Readers;

/// <summary>Every case x every line end x every way to cut the bytes.</summary>
public sealed class SseReaderMatrixTests
{
    public static TheoryData<string, string> IdsAndLineEnds =>
        [.. SseCorpus.Cases.Keys.SelectMany(id => ((string[])["\n", "\r", "\r\n"]).Select(end => (id, end)))];

    public static TheoryData<string> Ids => SseCorpus.Ids;

    [Fact]
    public void Corpus_IsWhole() => Assert.Equal(235, SseCorpus.Cases.Values.Count(one => one.Expected is not null));

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task ReadAsync_CaseInAnyPieces_GivesWhatTheCorpusSays(string id)
    {
        SseCase one = SseCorpus.Cases[id];
        foreach ((string layout, SseLog log) in await ReadInAllLayoutsAsync(one.Input, one.Sizes))
        {
            AssertSame(one.Expected ?? Expected(one.Input), one.Expected is null ? log.Brief() : log, layout);
        }
    }

    [Theory]
    [MemberData(nameof(IdsAndLineEnds))]
    public async Task ReadAsync_CaseWithOneLineEndInAnyPieces_GivesWhatTheStandardSays(string id, string lineEnd)
    {
        byte[] input = SseCorpus.WithLineEnds(SseCorpus.Cases[id].Input, lineEnd);
        SseLog expected = Expected(input);
        foreach ((string layout, SseLog log) in await ReadInAllLayoutsAsync(input, sizes: null))
        {
            AssertSame(expected, log.Brief(), layout);
        }
    }

    /// <summary>Reads a whole stream and writes down all that the reader says.</summary>
    internal static async Task<SseLog> ReadAsync(PieceReader pipe)
    {
        int comments = 0;
        var reader = new SseReader(pipe, new SseReaderOptions { OnComment = _ => comments++ });
        var events = new List<SseSeen>();
        await foreach (SseFrame frame in reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            events.Add(new SseSeen(frame.Name, frame.Data, frame.LastEventId, frame.HasId ? frame.LastEventId : null, Milliseconds(frame.Retry)));
        }

        return new SseLog(events, reader.LastEventId, Milliseconds(reader.ReconnectionTime), comments);
    }

    /// <summary>What our sentence-by-sentence reading of the standard finds; <see cref="SseOracleTests"/> hold it against readers of others.</summary>
    internal static SseLog Expected(byte[] input)
    {
        WhatwgClient client = WhatwgClient.Read(input);
        string? retry = client.Retry is null ? null : long.Parse(client.Retry, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
        return new SseLog(
            [.. client.Events.Select(item => new SseSeen(item.Type, item.Data, item.LastEventId))], client.LastEventId, retry, client.Comments.Count);
    }

    private static async Task<List<(string Layout, SseLog Log)>> ReadInAllLayoutsAsync(byte[] input, int[]? sizes)
    {
        var logs = new List<(string, SseLog)>();
        foreach ((string layout, PieceReader pipe) in PieceReader.Layouts(input, sizes))
        {
            logs.Add((layout, await ReadAsync(pipe)));
            Assert.Equal(input.Length, pipe.BytesOffered);
            Assert.False(pipe.IsCompleted);
        }

        return logs;
    }

    private static void AssertSame(SseLog expected, SseLog actual, string layout) =>
        Assert.True(expected.ToString() == actual.ToString(), $"{layout}:\n{actual}\ninstead of\n{expected}");

    private static string? Milliseconds(TimeSpan? time) => time?.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture);
}
