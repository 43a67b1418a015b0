using System.Buffers;

namespace Gai.Pipelines.Internal;

/// <summary>Takes apart what a dialect has written as Server-Sent Events: blocks, and the lines of a block.</summary>
internal static class WrittenBlocks
{
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    /// <summary>Whether these bytes are one block with data and without an id.</summary>
    public static bool IsOne(ReadOnlySpan<byte> body)
    {
        bool hasData = false;
        while (!body.IsEmpty)
        {
            if (body[0] == '\n')
            {
                return hasData && body.Length == 1;
            }

            if (body[0] == 'd')
            {
                hasData |= IsField(body, "data"u8);
            }
            else if (body[0] == 'i' && IsField(body, "id"u8))
            {
                return false;
            }

            int end = body.IndexOfAny((byte)'\n', (byte)'\r');
            if (end < 0 || body[end] == '\r')
            {
                return false;
            }

            body = body[(end + 1)..];
        }

        return false;
    }

    /// <summary>Takes the lines up to the next blank one, and it.</summary>
    public static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest, out bool hasData, out bool hasTerminalId)
    {
        ReadOnlySpan<byte> all = rest;
        hasData = hasTerminalId = false;
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> line = TakeLine(ref rest, out int contentLength);
            if (contentLength == 0)
            {
                break;
            }

            hasData |= IsField(line, "data"u8);
            hasTerminalId |= IsField(line, "id"u8) && IsTerminal(line[..contentLength]);
        }

        return all[..^rest.Length];
    }

    /// <summary>Takes a line with its end, which is CR, LF or CRLF.</summary>
    public static ReadOnlySpan<byte> TakeLine(ref ReadOnlySpan<byte> rest, out int contentLength)
    {
        int at = rest.IndexOfAny(LineEnds);
        contentLength = at < 0 ? rest.Length : at;
        int length = at < 0 ? rest.Length : at + (rest[at] == '\r' && at + 1 < rest.Length && rest[at + 1] == '\n' ? 2 : 1);
        ReadOnlySpan<byte> line = rest[..length];
        rest = rest[length..];
        return line;
    }

    /// <summary>Writes a block again, with the ids that it has or without.</summary>
    public static void Write<TOutput>(TOutput output, ReadOnlySpan<byte> block, bool withIds)
        where TOutput : IBufferWriter<byte>
    {
        while (!block.IsEmpty)
        {
            ReadOnlySpan<byte> line = TakeLine(ref block, out _);
            if (withIds || !IsField(line, "id"u8))
            {
                line.CopyTo(output.GetSpan(line.Length));
                output.Advance(line.Length);
            }
        }
    }

    private static bool IsField(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) =>
        line.StartsWith(name) && (line.Length == name.Length || line[name.Length] is (byte)':' or (byte)'\n' or (byte)'\r');

    private static bool IsTerminal(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> value = line[Math.Min(3, line.Length)..];
        value = value is [(byte)' ', ..] ? value[1..] : value;
        return value.SequenceEqual("gai.done"u8) || value.SequenceEqual("gai.failed"u8);
    }
}
