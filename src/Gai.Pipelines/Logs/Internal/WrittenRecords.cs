using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Gai.Pipelines.Internal;

/// <summary>Takes apart what a dialect has written as records, and gives them an id: the last member of the JSON object, <c>event_id</c>.</summary>
internal static class WrittenRecords
{
    private static ReadOnlySpan<byte> Blanks => " \t\r\n"u8;

    private static ReadOnlySpan<byte> MemberStart => ",\"event_id\":\""u8;

    private static ReadOnlySpan<byte> MemberName => "\"event_id\":"u8;

    /// <summary>Whether these bytes are one object on a line of its own, without a member of the id's name in whatever depth.</summary>
    public static bool IsOne(ReadOnlySpan<byte> body) =>
        body.Length >= 3 && body[0] == '{' && body[1] is (byte)'"' or (byte)'}' &&
        body[^2] == '}' && body.IndexOf((byte)'\n') == body.Length - 1 && body.IndexOf(MemberName) < 0;

    /// <summary>Takes the record of the next line.</summary>
    /// <returns>The record; empty if the line is blank.</returns>
    public static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest) => WrittenBlocks.TakeLine(ref rest, out _).Trim(Blanks);

    /// <summary>Writes the id into a record that has just been written, in front of its last brace.</summary>
    public static void WriteInto(FrameWriter output, int start, ReadOnlySpan<byte> id)
    {
        bool isEmpty = output.Frame.Length - start == 3;
        output.Rewind(output.Frame.Length - 2);
        WriteMember(output, id, isEmpty);
    }

    /// <summary>Writes a record with an id.</summary>
    /// <exception cref="InvalidOperationException">It cannot carry one.</exception>
    public static void Write(FrameWriter output, ReadOnlySpan<byte> record, ReadOnlySpan<byte> id)
    {
        record = record.Trim(Blanks);
        Check(record);
        output.Write(record[..^1]);
        WriteMember(output, id, isFirst: record[1..^1].Trim(Blanks).IsEmpty);
    }

    /// <exception cref="InvalidOperationException">The record cannot carry an id.</exception>
    public static void Check(ReadOnlySpan<byte> record)
    {
        if (record is not [(byte)'{', .., (byte)'}'])
        {
            ThrowNoObject(record);
        }

        if (record.IndexOf(MemberName) >= 0)
        {
            ThrowIfMember(record);
        }
    }

    [DoesNotReturn]
    private static void ThrowNoObject(ReadOnlySpan<byte> record) => throw new InvalidOperationException(
        $"A record of a stream that can be resumed carries its id in a member, so it must be a JSON object; this one begins with '{(char)record[0]}'. Put the value into an object, or stream it as Server-Sent Events.");

    private static void ThrowIfMember(ReadOnlySpan<byte> record)
    {
        var reader = new Utf8JsonReader(record);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("event_id"u8))
            {
                throw new InvalidOperationException(
                    "A record of a stream that can be resumed gets its id in the member event_id, and this one has such a member. Name yours otherwise, or stream it as Server-Sent Events.");
            }
        }
    }

    private static void WriteMember(FrameWriter output, ReadOnlySpan<byte> id, bool isFirst)
    {
        output.Write(isFirst ? MemberStart[1..] : MemberStart);
        output.Write(id);
        output.Write("\"}\n"u8);
    }
}
