using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Gai.Pipelines.TestUtilities;

/// <summary>Makes answers of any events: text cut anywhere, calls whole, in pieces and by turns, errors anywhere.</summary>
/// <param name="Events">The events.</param>
public sealed record AnyAnswer(StreamEvent[] Events)
{
    /// <summary>The name of the tool that the server runs itself.</summary>
    public const string OwnTool = "own_tool";

    private const int Size = 12;

    // Whole code points, what JSON and SSE give a meaning, and nothing.
    private static readonly string[] Words =
        ["", "a", "Hello", "\n", "\r\n", "\"", "\\", "\u0000", "\u0085", "\u2028", "é", "€", "\U0001F600", " ", "data: y", "[DONE]", "\n\ndata: [DONE]\n\n", "</script>", "\u007F"];

    private static readonly string[] Inputs = ["{}", "{\"city\":\"Zagreb\"}", "{ \"a\" : [1, {\"b\":\"€ \\ud83d\\ude00 \u2028\"}] }", "{\n  \"b\": \"é\"\r\n}"];

    /// <summary>The text that a client must get.</summary>
    public string Text => Joined(StreamEventType.TextDelta);

    /// <summary>The reasoning that a client must get.</summary>
    public string Reasoning => Joined(StreamEventType.ReasoningDelta);

    /// <summary>The calls that a client must get: id, name and input, in the order in which they begin.</summary>
    public IReadOnlyList<(string Id, string Name, string Input)> Calls
    {
        get
        {
            var calls = new List<(string Id, string Name, string Input)>();
            foreach (StreamEvent item in Told.Where(item => item.Type is StreamEventType.ToolCall or StreamEventType.ToolCallDelta && item.Runner == ToolRunner.Client))
            {
                int index = calls.FindIndex(call => call.Id == item.Id);
                if (index < 0)
                {
                    calls.Add((item.Id!, item.Name!, item.Text.ToString()));
                }
                else
                {
                    calls[index] = calls[index] with { Input = calls[index].Input + item.Text };
                }
            }

            return [.. calls.Select(static call => call with { Input = call.Input.Length == 0 ? "{}" : call.Input })];
        }
    }

    /// <summary>The error with which the answer ends, if it does not end well.</summary>
    public StreamError? Error => Events.Any(static item => item.Type == StreamEventType.Error) ? Events.First(static item => item.Type == StreamEventType.Error).Error : null;

    /// <summary>Why the answer ends; <see langword="null"/> if the source does not say.</summary>
    public string? FinishReason => Told.FirstOrDefault(static item => item.Type == StreamEventType.Finish).FinishReason;

    /// <summary>What is said before an error.</summary>
    private IEnumerable<StreamEvent> Told => Events.TakeWhile(static item => item.Type != StreamEventType.Error);

    /// <summary>Answers as models give them: a start, then anything, then most often a finish.</summary>
    public static Gen<AnyAnswer> All() =>
        from start in Gen.Elements(StreamEvent.Start("resp_1", "m", "p"), StreamEvent.Start())
        from parts in Part().ListOf()
        from end in Gen.Frequency(
            (6, Gen.Elements(FinishReasons.Stop, FinishReasons.Length, FinishReasons.ContentFilter, FinishReasons.StopSequence, "other").Select(reason => Finish(reason))),
            (1, Gen.Constant(Array.Empty<StreamEvent>())),
            (2, Gen.Constant<StreamEvent[]>([StreamEvent.Failure(new StreamError(StreamErrorCodes.Overloaded, "No \"room\"\n", true))])))
        select new AnyAnswer([start, .. Unique(parts.SelectMany(static part => part)), .. end]);

    /// <summary>A number of answers, the same for the same seed.</summary>
    public static AnyAnswer[] Sample(ulong seed, int count) => [.. All().Sample(Size, new Rnd(seed), count)];

    /// <inheritdoc/>
    public override string ToString() => string.Join(" | ", Events.Select(static item => item.ToString()));

    private static StreamEvent[] Finish(string reason) => [StreamEvent.FinishStep(1), StreamEvent.Finish(reason, new TokenUsage(11, 7) { CachedInputTokens = 5, ReasoningTokens = 3 })];

    private static Gen<StreamEvent[]> Part() => Gen.Frequency(
        (6, Pieces(StreamEvent.TextDelta)),
        (2, Pieces(static text => StreamEvent.ReasoningDelta(text))),
        (2, from input in Gen.Elements(Inputs) select new[] { StreamEvent.ToolCall("call", "get_weather", input) }),
        (1, Gen.Constant<StreamEvent[]>([StreamEvent.ToolCall("call", OwnTool, "{}", ToolRunner.Server)])),
        (2, CallsByTurns()),
        (1, Gen.Constant<StreamEvent[]>([StreamEvent.SafetyCheck(new SafetyVerdict("hate", "warn", 0.5)), StreamEvent.Raw("{\"x\":1}")])),
        (1, Gen.Constant<StreamEvent[]>([StreamEvent.FinishStep(1)])));

    /// <summary>A text cut into pieces anywhere: as strings also inside a surrogate pair, as bytes also inside a sequence.</summary>
    private static Gen<StreamEvent[]> Pieces(Func<EventText, StreamEvent> make) =>
        from words in Gen.Elements(Words).NonEmptyListOf()
        from utf8 in Gen.Elements(true, false)
        from cuts in Gen.Choose(0, 64).ListOf()
        select Cut(string.Concat(words), utf8, cuts).Select(make).ToArray();

    private static Gen<StreamEvent[]> CallsByTurns() =>
        from inputs in Gen.Elements([.. Inputs, string.Empty]).ArrayOf(2)
        from cuts in Gen.Choose(0, 64).ListOf()
        from takeFirst in Gen.Elements(true, false).ArrayOf(40)
        select ByTurns(inputs, cuts, takeFirst);

    private static StreamEvent[] ByTurns(string[] inputs, IEnumerable<int> cuts, bool[] takeFirst)
    {
        Queue<EventText>[] rest = [.. inputs.Select(input => new Queue<EventText>(Cut(input, utf8: false, cuts)))];
        var events = new List<StreamEvent>();
        string[] ids = ["call-a", "call-b"];
        var named = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; rest.Any(static queue => queue.Count > 0); i++)
        {
            int which = takeFirst[i % takeFirst.Length] && rest[0].Count > 0 || rest[1].Count == 0 ? 0 : 1;
            events.Add(StreamEvent.ToolCallDelta(ids[which], named.Add(ids[which]) ? "get_weather" : null, rest[which].Dequeue()));
        }

        return [.. events];
    }

    private static IEnumerable<EventText> Cut(string text, bool utf8, IEnumerable<int> cuts)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int length = utf8 ? bytes.Length : text.Length;
        int from = 0;
        foreach (int cut in cuts.Where(cut => cut < length).Order())
        {
            yield return utf8 ? (EventText)bytes[from..cut] : (EventText)text[from..cut];
            from = cut;
        }

        yield return utf8 ? (EventText)bytes[from..] : (EventText)text[from..];
    }

    /// <summary>Gives every call an id of its own, the same for all its pieces.</summary>
    private static IEnumerable<StreamEvent> Unique(IEnumerable<StreamEvent> events)
    {
        int number = 0;
        var group = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (StreamEvent item in events)
        {
            if (item.Type == StreamEventType.ToolCall)
            {
                group.Clear();
                yield return StreamEvent.ToolCall($"call_{++number}", item.Name!, item.Text, item.Runner);
            }
            else if (item.Type == StreamEventType.ToolCallDelta)
            {
                if (item.Name is not null)
                {
                    group[item.Id!] = $"call_{++number}";
                }

                yield return StreamEvent.ToolCallDelta(group[item.Id!], item.Name, item.Text);
            }
            else
            {
                yield return item;
            }
        }
    }

    /// <summary>Puts pieces together: halves of a surrogate pair, or of a sequence of bytes, meet only in neighbours of the same form.</summary>
    private string Joined(StreamEventType type)
    {
        var text = new StringBuilder();
        var bytes = new List<byte>();
        foreach (StreamEvent item in Told.Where(item => item.Type == type))
        {
            if (item.Text.IsString)
            {
                text.Append(Encoding.UTF8.GetString([.. bytes])).Append(item.Text.String);
                bytes.Clear();
            }
            else
            {
                bytes.AddRange(item.Text.Utf8.Span);
            }
        }

        return text.Append(Encoding.UTF8.GetString([.. bytes])).ToString();
    }
}
