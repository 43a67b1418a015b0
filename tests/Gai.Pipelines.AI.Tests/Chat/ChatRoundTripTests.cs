using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Gai.Pipelines.AI;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI.Tests.Chat;

/// <summary>Any answer, as updates or as events, comes back as it was: what the two forms can both carry, and that is documented.</summary>
public sealed class ChatRoundTripTests
{
    private const int Runs = 500;

    private static readonly string[] Pieces = ["a", "Hello ", "\n", "\"\\", "é", "€", "\U0001F600", "\u2028", "\u0000", "{\"type\":\"done\"}"];
    private static readonly string[] Objects = ["{}", "{\"city\":\"Zagreb\"}", "{\"a\":[1,{\"b\":null}],\"é\":\"\U0001F600\"}", "{\"n\":1.50}"];
    private static readonly string[] Values = ["null", "\"noon\"", "1e5", "[]", "{\"a\":1}", "true"];

    [Fact]
    public void Updates_ToEventsAndBack_AreTheSame() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(Runs),
        Prop.ForAll((from parts in Contents().ListOf() from reason in Gen.Elements("stop", "length", "tool_calls", "of its own") select (parts, reason)).ToArbitrary(), answer =>
        {
            List<AIContent> contents = [.. answer.parts.SelectMany(part => part)];
            List<ChatResponseUpdate> updates = [.. contents.Select(content => new ChatResponseUpdate(ChatRole.Assistant, [content]) { ResponseId = "r1", ModelId = "m1" })];
            updates.Add(new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(Usage())]) { ResponseId = "r1", ModelId = "m1", FinishReason = new ChatFinishReason(answer.reason) });

            List<ChatResponseUpdate> back = Run(updates.ToAsyncEnumerable().ToStreamEventsAsync().ToChatResponseUpdatesAsync());

            Assert.Equal(Described.Contents(updates.SelectMany(update => update.Contents)), Described.Contents(back.SelectMany(update => update.Contents)));
            Assert.All(back, update => Assert.Equal(("r1", "m1"), (update.ResponseId, update.ModelId)));
            Assert.Equal([answer.reason], back.Where(update => update.FinishReason is not null).Select(update => update.FinishReason!.Value.Value));
            Assert.NotNull(back[^1].FinishReason);
        }));

    [Fact]
    public void Events_ToUpdatesAndBack_AreTheSame() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(Runs),
        Prop.ForAll(Events().ToArbitrary(), events =>
        {
            List<StreamEvent> back = Run(events.ToAsyncEnumerable().ToChatResponseUpdatesAsync().ToStreamEventsAsync());

            Assert.Equal(Described.Events(events.Where(item => !IsCall(item))), Described.Events(back.Where(item => !IsCall(item))));
            Assert.Equal(Calls(events), Calls(back));
            Assert.DoesNotContain(back, item => item.Type == StreamEventType.ToolCallDelta);
        }));

    private static bool IsCall(StreamEvent item) => item.Type is StreamEventType.ToolCall or StreamEventType.ToolCallDelta;

    /// <summary>The calls in the order in which they begin.</summary>
    private static string[] Calls(IEnumerable<StreamEvent> events)
    {
        var order = new List<string>();
        var names = new Dictionary<string, string>();
        var inputs = new Dictionary<string, (MemoryStream Utf8, StringBuilder Utf16)>();
        foreach (StreamEvent item in events.Where(IsCall))
        {
            if (!inputs.TryGetValue(item.Id!, out (MemoryStream Utf8, StringBuilder Utf16) input))
            {
                order.Add(item.Id!);
                inputs[item.Id!] = input = (new MemoryStream(), new StringBuilder());
                names[item.Id!] = $"{item.Name} {item.Runner}";
            }

            input.Utf8.Write(item.Text.Utf8.Span);
            input.Utf16.Append(item.Text.String);
        }

        return [.. order.Select(id => $"{id} {names[id]} {Described.Json(Encoding.UTF8.GetString(inputs[id].Utf8.ToArray()) + inputs[id].Utf16, "{}")}")];
    }

    private static UsageDetails Usage() => new() { InputTokenCount = 11, OutputTokenCount = 7, TotalTokenCount = 19, CachedInputTokenCount = 5, ReasoningTokenCount = 3 };

    private static Gen<string> Text() => from parts in Gen.Elements(Pieces).NonEmptyListOf() select string.Concat(parts);

    /// <summary>Contents that belong together: text is cut into pieces anywhere, also inside a surrogate pair.</summary>
    private static Gen<AIContent[]> Contents()
    {
        Gen<AIContent[]> text = from whole in Text() from at in Gen.Choose(0, 100) select Cut(whole, at % whole.Length, piece => (AIContent)new TextContent(piece));
        Gen<AIContent[]> reasoning = from whole in Text() from at in Gen.Choose(0, 100) select Cut(whole, at % whole.Length, piece => (AIContent)new TextReasoningContent(piece));
        Gen<AIContent> single = Gen.OneOf(
            Gen.Constant<AIContent>(new TextReasoningContent("thought") { ProtectedData = "c2ln" }),
            from id in Gen.Choose(1, 5) from json in Gen.Elements(Objects) from own in Gen.Elements(true, false) select (AIContent)Call($"call_{id}", json, own),
            from id in Gen.Choose(1, 5) from json in Gen.Elements(Values) select (AIContent)ChatContents.ToFunctionResult($"call_{id}", json),
            Gen.Constant<AIContent>(new DataContent(new byte[] { 1, 2 }, "image/png")),
            Gen.Constant<AIContent>(new DataContent(new byte[] { 3 }, "audio/pcm")),
            Gen.Constant<AIContent>(new UriContent("https://example.org/a", "text/html")),
            Gen.Constant<AIContent>(new AIContent { Annotations = [new CitationAnnotation { Url = new Uri("https://example.org/%C3%A9"), Title = "A", AnnotatedRegions = [new TextSpanAnnotatedRegion { StartIndex = 1, EndIndex = 4 }] }] }));
        return Gen.OneOf(text, reasoning, from one in single select new[] { one });
    }

    private static FunctionCallContent Call(string id, string json, bool isOwn) =>
        ChatContents.ToFunctionCall(id, "get_weather", json, isOwn ? ToolRunner.Server : ToolRunner.Client);

    private static T[] Cut<T>(string whole, int at, Func<string, T> make) => at == 0 ? [make(whole)] : [make(whole[..at]), make(whole[at..])];

    private static Gen<StreamEvent[]> Events() =>
        from groups in Group().ListOf()
        from steps in Gen.Choose(1, 3)
        from reason in Gen.Elements("stop", "stop_sequence", "content_filter")
        select Assemble(groups, steps, reason);

    /// <summary>Groups of events, with the ends of steps among them, and an end.</summary>
    private static StreamEvent[] Assemble(List<StreamEvent[]> groups, int steps, string reason)
    {
        var events = new List<StreamEvent> { StreamEvent.Start("r1", "m1") };
        int step = 0;
        for (int i = 0; i < groups.Count; i++)
        {
            if (step < steps - 1 && i >= groups.Count * (step + 1) / steps)
            {
                events.Add(StreamEvent.FinishStep(++step));
            }

            // Each group has calls of its own.
            events.AddRange(groups[i].Select(item => item.Type switch
            {
                StreamEventType.ToolCall => StreamEvent.ToolCall($"{item.Id}.{i}", item.Name!, item.Text, item.Runner),
                StreamEventType.ToolCallDelta => StreamEvent.ToolCallDelta($"{item.Id}.{i}", item.Name, item.Text),
                StreamEventType.ToolResult => StreamEvent.ToolResult($"{item.Id}.{i}", item.Name, item.Text),
                _ => item,
            }));
        }

        events.Add(StreamEvent.FinishStep(step + 1));
        events.Add(StreamEvent.Finish(reason, new TokenUsage(11, 7, 19) { CachedInputTokens = 5 }));
        return [.. events];
    }

    private static Gen<StreamEvent[]> Group()
    {
        Gen<StreamEvent[]> text = from whole in Text() from at in Gen.Choose(0, 100) select Cut(whole, at % whole.Length, piece => StreamEvent.TextDelta(piece));
        Gen<StreamEvent[]> bytes = from whole in Text() from at in Gen.Choose(0, 100) select CutBytes(whole, at, piece => StreamEvent.ReasoningDelta(piece));
        Gen<StreamEvent[]> calls = from one in Gen.Elements(Objects) from two in Gen.Elements(Objects) from at in Gen.Choose(0, 100) select Interleave(one, two, at);
        Gen<StreamEvent[]> run = from input in Gen.Elements(Objects) from output in Gen.Elements(Values)
                                 select new[] { StreamEvent.ToolCall("s", "now", input, ToolRunner.Server), StreamEvent.ToolResult("s", "now", output) };
        Gen<StreamEvent> single = Gen.Elements(
            StreamEvent.ReasoningDelta("thought", "c2ln"),
            StreamEvent.AudioDelta(new byte[] { 1 }),
            StreamEvent.AudioDelta(new byte[] { 2, 3 }, new AudioFormat("audio/pcm", 16000, 1, 16)),
            StreamEvent.CitationList([new Citation("https://example.org/a b", "A", 0, 5), new Citation("file-1")]),
            StreamEvent.SafetyCheck(new SafetyVerdict("hate", "warn", 0.25, "n")),
            StreamEvent.Raw("{ \"x\" : 1 }"),
            StreamEvent.Raw("[]"));
        return Gen.OneOf(text, bytes, calls, run, from one in single select new[] { one });
    }

    private static StreamEvent[] CutBytes(string whole, int at, Func<byte[], StreamEvent> make)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(whole);
        at %= utf8.Length;
        return [make(utf8[..at]), make(utf8[at..])];
    }

    /// <summary>Two calls at once, cut anywhere, one in UTF-8 and one in UTF-16, with text in between.</summary>
    private static StreamEvent[] Interleave(string one, string two, int at)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(one);
        int first = at % utf8.Length;
        int second = at % two.Length;
        return
        [
            StreamEvent.ToolCallDelta("a", "get_weather", utf8[..first]),
            StreamEvent.ToolCallDelta("b", "now", two[..second]),
            StreamEvent.ToolCallDelta("a", null, utf8[first..]),
            StreamEvent.SafetyCheck(new SafetyVerdict("c", "a", 1)),
            StreamEvent.ToolCallDelta("b", null, two[second..]),
        ];
    }

    private static List<T> Run<T>(IAsyncEnumerable<T> items) => items.ToListAsync().AsTask().GetAwaiter().GetResult();
}
