using System.Net.ServerSentEvents;
using System.Text.RegularExpressions;
using Gai.Pipelines.TestUtilities;
using Gai.Pipelines.Tests.Dialects;

namespace Gai.Pipelines.Tests.Logs;

/// <summary>What a reader of a log gets is what a plain stream of the same events gives, but for the ids.</summary>
public sealed partial class LoggedFramesTests : LogTest
{
    private static readonly DialectSettings Settings = new() { TimeProvider = new StoppedClock(SampleEvents.Moment), RetryHint = TimeSpan.FromSeconds(2), OpeningPaddingBytes = 100 };

    public static TheoryData<bool, StreamFormat, bool> Cases => new MatrixTheoryData<bool, StreamFormat, bool>(
        [false, true], [StreamFormat.ServerSentEvents, StreamFormat.Ndjson, StreamFormat.JsonLines], [false, true]);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Gai_AnyEvents_AreTheSameButForTheId(bool fails, StreamFormat format, bool numbered) =>
        await CompareAsync(global::Gai.Pipelines.Dialects.Gai, Settings with { EventIds = numbered, Timestamps = numbered }, format, fails, [.. SampleEvents.All.Values, .. Cut]);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task GaiEvents_AnyEvents_AreTheSameButForTheId(bool fails, StreamFormat format, bool numbered) =>
        await CompareAsync(global::Gai.Pipelines.Dialects.GaiEvents, Settings with { EventIds = numbered }, format, fails, [.. SampleEvents.All.Values, .. Cut]);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Plain_Values_AreTheSameButForTheId(bool fails, StreamFormat format, bool numbered) =>
        await CompareAsync(
            global::Gai.Pipelines.Dialects.Plain(TestJson.Default.Note, new EventName("note")),
            Settings with { EventIds = numbered },
            format,
            fails,
            [.. FrameAttacks.Texts.Values.Select(text => new Note(text)), new Note(null)]);

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Plain_Strings_AreTheSameButForTheId(bool fails, bool numbered) =>
        await CompareAsync(Plain, Settings with { EventIds = numbered }, StreamFormat.ServerSentEvents, fails, [.. FrameAttacks.Texts.Values]);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task SseItem_Items_AreTheSameButForTheId(bool fails, StreamFormat format, bool numbered) =>
        await CompareAsync(
            global::Gai.Pipelines.Dialects.SseItems(TestJson.Default.Note),
            Settings with { EventIds = numbered },
            format,
            fails,
            [.. FrameAttacks.Texts.Values.Select(text => new SseItem<Note>(new Note(text), "tick") { ReconnectionInterval = TimeSpan.FromSeconds(1) })]);

    [Fact]
    public async Task SseItem_WithTheIdOfAnEnd_KeepsIt()
    {
        StreamLog log = await LogAsync(global::Gai.Pipelines.Dialects.SseItems<string>(null), Settings, StreamFormat.ServerSentEvents, fails: false,
            [new SseItem<string>("a"), new SseItem<string>("bye") { EventId = TerminalEventId.Done }]);

        var events = Events((await ReadToEndAsync(log.OpenCursorAtStart())).Text);
        Assert.Equal([(new LogPosition(log.Description.Id, 1).ToString(), "a"), (TerminalEventId.Done, "bye")], events.Select(one => (one.Id, one.Data)));
    }

    [Theory]
    [InlineData(StreamFormat.ServerSentEvents)]
    [InlineData(StreamFormat.Ndjson)]
    public async Task SseItem_WithAnIdOfItsOwn_IsRefused(StreamFormat format)
    {
        StreamLog log = await LogAsync(global::Gai.Pipelines.Dialects.SseItems(TestJson.Default.Note), Settings, format, fails: false,
            [new SseItem<Note>(new Note("a")) { EventId = "mine" }]);

        InvalidOperationException failure = Assert.IsType<InvalidOperationException>(log.Failure);
        Assert.Contains("\"mine\"", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Leave EventId null", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SseItem_NameBreaksOutOfItsField_IsRefusedAsElsewhere()
    {
        foreach (string attack in FrameAttacks.Texts.Values.Where(text => text.Contains('\0', StringComparison.Ordinal)))
        {
            StreamLog log = await LogAsync(global::Gai.Pipelines.Dialects.SseItems<string>(null), Settings, StreamFormat.ServerSentEvents, fails: false, [new SseItem<string>("a", attack)]);

            Assert.IsType<ArgumentException>(log.Failure);
            Assert.Equal(0, log.LastSequence);
        }
    }

    /// <summary>A code point that is cut between two events: the first writes nothing, or less.</summary>
    private static StreamEvent[] Cut => [StreamEvent.TextDelta("\uD83C"), StreamEvent.TextDelta("\uDF0D"), StreamEvent.TextDelta("a\uD83C"), StreamEvent.FinishStep(1)];

    private static string WithoutIds(string text) => Ids().Replace(text, string.Empty);

    [GeneratedRegex("^id: .*\n|,?\"event_id\":\"[0-9a-v]{36}\"", RegexOptions.Multiline)]
    private static partial Regex Ids();

    [GeneratedRegex("^id: ([0-9a-v]{36})\n|\"event_id\":\"([0-9a-v]{36})\"", RegexOptions.Multiline)]
    private static partial Regex LogIds();

    private static async IAsyncEnumerable<T> Source<T>(T[] items, bool fails)
    {
        foreach (T item in items)
        {
            await Task.Yield();
            yield return item;
        }

        if (fails)
        {
            throw new StreamErrorException(new StreamError("overloaded", "Later.", Temporary: true, TimeSpan.FromSeconds(3)));
        }
    }

    private async Task<StreamLog> LogAsync<T>(DialectFactory<T> dialects, DialectSettings settings, StreamFormat format, bool fails, T[] items)
    {
        LogAttachment attachment = await NewNode().GetOrStartAsync(At(LogKey.New(), format: format), () => new LogProducer<T>
        {
            Source = StreamSource.From(Source(items, fails)),
            Dialect = dialects.Create(new DialectContext(format, settings)),
        });
        await attachment.Log.Ended.OrFail();
        return attachment.Log;
    }

    private async Task CompareAsync<T>(DialectFactory<T> dialects, DialectSettings settings, StreamFormat format, bool fails, T[] items)
    {
        var plain = new RecordingPipeWriter();
        Dialect<T> dialect = dialects.Create(new DialectContext(format, settings));
        StreamOutcome expected = await new EventPump<T>(StreamSource.From(Source(items, fails)), dialect, plain, PumpSettings.Default with { Scheduler = Scheduler })
            .RunAsync(CancellationToken.None).OrFail();
        StreamLog log = await LogAsync(dialects, settings, format, fails, items);

        var logged = new RecordingPipeWriter();
        LogCursor cursor = log.OpenCursorAtStart();
        Dialect<LogFrames> reader = cursor.DialectsOver(dialects).Create(new DialectContext(format, settings));
        StreamOutcome outcome = await new EventPump<LogFrames>(cursor, reader, logged, PumpSettings.Default with { Scheduler = Scheduler })
            .RunAsync(CancellationToken.None).OrFail();

        Assert.Equal(expected.Reason, outcome.Reason);
        Assert.Equal(WithoutIds(plain.Text), WithoutIds(logged.Text));
        string[] ids = [.. LogIds().Matches(logged.Text).Select(match => match.Groups[1].Value + match.Groups[2].Value)];
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        Assert.All(ids, id => Assert.True(LogPosition.TryParse(id, out LogPosition position) && position.Log == log.Description.Id && position.Sequence <= log.LastSequence));

        // All but the end marker and a lasting error, whose ids say so, have one of the log's.
        int own = Regex.Count(logged.Text, "^id: gai\\.(done|failed)\n", RegexOptions.Multiline);
        Assert.Equal(log.LastSequence, ids.Length + own);
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }
}
