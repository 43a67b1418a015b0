using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Gai.Pipelines.AI.Tests.Anthropic;

/// <summary>What the tests of this dialect have in common.</summary>
internal static class AnthropicStream
{
    /// <summary>Replaces the id, which is new for each message.</summary>
    public static string WithoutId(string answer)
    {
        int start = answer.IndexOf("msg_", StringComparison.Ordinal);
        return start < 0 ? answer : answer.Replace(answer.Substring(start, "msg_".Length + 32), "ID", StringComparison.Ordinal);
    }

    public static string Bytes(Action<FrameWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var output = new FrameWriter(bytes);
        write(output);
        output.Commit();
        output.Publish();
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>Two answers in one, by turns: what one says comes also inside the calls of the other. An error may come anywhere.</summary>
    public static Gen<AnyAnswer> ByTurns() =>
        from one in AnyAnswer.All()
        from other in AnyAnswer.All()
        from takeFirst in Gen.Elements(true, false).ArrayOf(40)
        from errorAt in Gen.Frequency((3, Gen.Constant(int.MaxValue)), (1, Gen.Choose(0, 30)))
        select Merge(one, other, takeFirst, errorAt);

    private static AnyAnswer Merge(AnyAnswer one, AnyAnswer other, bool[] takeFirst, int errorAt)
    {
        Queue<StreamEvent[]>[] rest = [Units(one, "x"), Units(other, "y")];
        var events = new List<StreamEvent>();
        for (int i = 0; rest[0].Count + rest[1].Count > 0; i++)
        {
            if (i == errorAt)
            {
                events.Add(StreamEvent.Failure(new StreamError(StreamErrorCodes.Timeout, "Too late")));
            }

            int which = (takeFirst[i % takeFirst.Length] && rest[0].Count > 0) || rest[1].Count == 0 ? 0 : 1;
            events.AddRange(rest[which].Dequeue());
        }

        return new AnyAnswer([.. events]);
    }

    /// <summary>Keeps the pieces of a text together, so that no other comes between the halves of a character.</summary>
    private static Queue<StreamEvent[]> Units(AnyAnswer answer, string prefix)
    {
        var units = new Queue<StreamEvent[]>();
        var run = new List<StreamEvent>();
        foreach (StreamEvent item in answer.Events.Where(static item => item.Type is not (StreamEventType.FinishStep or StreamEventType.Finish or StreamEventType.Error)))
        {
            bool isText = item.Type is StreamEventType.TextDelta or StreamEventType.ReasoningDelta;
            if (run.Count > 0 && run[0].Type != item.Type)
            {
                units.Enqueue([.. run]);
                run.Clear();
            }

            if (isText)
            {
                run.Add(item);
            }
            else
            {
                units.Enqueue([item.Type switch
                {
                    StreamEventType.ToolCall => StreamEvent.ToolCall(prefix + item.Id, item.Name!, item.Text, item.Runner),
                    StreamEventType.ToolCallDelta => StreamEvent.ToolCallDelta(prefix + item.Id, item.Name, item.Text),
                    _ => item,
                }]);
            }
        }

        if (run.Count > 0)
        {
            units.Enqueue([.. run]);
        }

        return units;
    }
}
