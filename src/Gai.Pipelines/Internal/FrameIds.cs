using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Gai.Pipelines.Internal;

/// <summary>Numbers the frames of one log and writes their ids into them. The id counts in place: nothing is formatted an event.</summary>
/// <remarks>
/// A frame is what a client takes as one event: a block of SSE that has data, or one record. What a dialect writes for one event may be several of
/// them, and each gets an id, so that a client that is cut between two goes on with the second.
/// </remarks>
internal sealed class FrameIds
{
    private const int LineLength = 4 + LogPosition.TextLength + 1;
    private const int IdStart = 4;
    private const int SequenceStart = IdStart + LogId.TextLength;

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    // The field of SSE, and what a record gets before its last brace.
    private readonly byte[] _line = new byte[LineLength];
    private readonly bool _asRecords;
    private readonly List<int> _ends = [];

    public FrameIds(LogId log, StreamFormat format, long nextSequence = 1)
    {
        _asRecords = format != StreamFormat.ServerSentEvents;
        "id: "u8.CopyTo(_line);
        _line[^1] = (byte)'\n';
        OrderedText.Write(_line.AsSpan(IdStart, LogId.TextLength), log.Bits);
        Next = nextSequence;
        OrderedText.Write(_line.AsSpan(SequenceStart, LogPosition.SequenceLength), (UInt128)nextSequence);
    }

    /// <summary>The number of the next frame.</summary>
    public long Next { get; private set; }

    private static ReadOnlySpan<byte> Blanks => " \t\r\n"u8;

    private static ReadOnlySpan<byte> MemberStart => ",\"event_id\":\""u8;

    private static ReadOnlySpan<byte> MemberName => "\"event_id\":"u8;

    private ReadOnlySpan<byte> Id => _line.AsSpan(IdStart, LogPosition.TextLength);

    /// <summary>Begins what a dialect writes for one event.</summary>
    /// <returns>Where it begins in the frame.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Begin(FrameWriter output)
    {
        int start = output.Frame.Length;
        if (!_asRecords)
        {
            // One block is the rule: its id is there already when the dialect writes the rest.
            output.Write(_line);
        }

        return start;
    }

    /// <summary>Ends it: each frame in it has its id and is noted.</summary>
    /// <exception cref="InvalidOperationException">A record cannot carry an id.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void End(FrameWriter output, int start, LogMemory? memory)
    {
        if (_asRecords ? TryEndRecord(output, start) : IsOneBlock(output.Frame[(start + LineLength)..]))
        {
            _ends.Add(output.Frame.Length);
        }
        else if (_asRecords)
        {
            EndRecords(output, start);
        }
        else
        {
            EndBlocks(output, start);
        }

        Note(output, memory);
    }

    /// <summary>Cuts what a dialect has written for one event into frames, without ids: a store is to number them.</summary>
    /// <exception cref="InvalidOperationException">A record cannot carry an id.</exception>
    public static void Cut(ReadOnlySpan<byte> written, StreamFormat format, LogBatch into)
    {
        if (format == StreamFormat.ServerSentEvents ? IsOneBlock(written) : IsOneRecord(written))
        {
            into.Add(written);
            return;
        }

        if (format != StreamFormat.ServerSentEvents)
        {
            // All or none.
            for (ReadOnlySpan<byte> rest = written; !rest.IsEmpty;)
            {
                ReadOnlySpan<byte> record = TakeLine(ref rest, out _).Trim(Blanks);
                if (!record.IsEmpty)
                {
                    CheckRecord(record);
                }
            }
        }

        var frame = new ArrayBufferWriter<byte>();
        while (!written.IsEmpty)
        {
            bool isFrame;
            if (format == StreamFormat.ServerSentEvents)
            {
                ReadOnlySpan<byte> block = TakeBlock(ref written, out isFrame, out bool hasTerminalId);
                WriteLines(frame, block, withIds: isFrame && hasTerminalId);
            }
            else
            {
                ReadOnlySpan<byte> record = TakeLine(ref written, out _).Trim(Blanks);
                isFrame = !record.IsEmpty;
                if (isFrame)
                {
                    frame.Write(record);
                    frame.Write("\n"u8);
                }
            }

            if (isFrame)
            {
                into.Add(frame.WrittenSpan);
                frame.ResetWrittenCount();
            }
        }
    }

    /// <summary>Writes the position behind a gap into the frame that tells of it, so that a client that is cut right after it is not told again.</summary>
    public static void StampGap(FrameWriter output, int start, StreamFormat format, LogPosition position)
    {
        if (output.Frame.Length == start)
        {
            return;
        }

        var ids = new FrameIds(position.Log, format, position.Sequence);
        byte[] body = output.Frame[start..].ToArray();
        output.Rewind(start);
        if (format == StreamFormat.ServerSentEvents)
        {
            output.Write(ids._line);
            WriteWithoutIds(output, body);
        }
        else
        {
            WriteRecord(output, body, ids.Id);
        }
    }

    private void Note(FrameWriter output, LogMemory? memory)
    {
        // What is too large is refused when it is committed, and the stream fails.
        if (output.Frame.Length <= output.MaxFrameBytes)
        {
            int apart = output.IsApart ? output.Frame.Length : 0;
            foreach (int end in _ends)
            {
                memory?.Note(output.CommittedBytes + end, apart);
                OrderedText.Increment(_line.AsSpan(SequenceStart, LogPosition.SequenceLength));
                Next++;
            }
        }

        _ends.Clear();
    }

    /// <summary>Whether these bytes are one block with data and without an id.</summary>
    private static bool IsOneBlock(ReadOnlySpan<byte> body)
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

    private static bool IsField(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) =>
        line.StartsWith(name) && (line.Length == name.Length || line[name.Length] is (byte)':' or (byte)'\n' or (byte)'\r');

    /// <summary>Gives each block with data an id in place of its own, and drops what is no event.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EndBlocks(FrameWriter output, int start)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(output.Frame.Length - start);
        try
        {
            int length = output.Frame.Length - start - LineLength;
            output.Frame[(start + LineLength)..].CopyTo(rented);
            output.Rewind(start);
            Span<byte> line = stackalloc byte[LineLength];
            _line.CopyTo(line);
            ReadOnlySpan<byte> rest = rented.AsSpan(0, length);
            while (!rest.IsEmpty)
            {
                ReadOnlySpan<byte> block = TakeBlock(ref rest, out bool hasData, out bool hasTerminalId);
                if (!hasData && _ends.Count == 0)
                {
                    // A comment or a time to wait before the first event belongs to it; where none follows, to none.
                    WriteWithoutIds(output, block);
                    continue;
                }

                if (!hasData)
                {
                    WriteWithoutIds(output, block);
                    _ends[^1] = output.Frame.Length;
                    continue;
                }

                if (hasTerminalId)
                {
                    output.Write(block);
                }
                else
                {
                    output.Write(line);
                    WriteWithoutIds(output, block);
                }

                _ends.Add(output.Frame.Length);
                OrderedText.Increment(line.Slice(SequenceStart, LogPosition.SequenceLength));
            }

            if (_ends.Count == 0)
            {
                output.Rewind(start);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Takes the lines up to the next blank one, and it.</summary>
    private static ReadOnlySpan<byte> TakeBlock(ref ReadOnlySpan<byte> rest, out bool hasData, out bool hasTerminalId)
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

    private static void WriteWithoutIds(FrameWriter output, ReadOnlySpan<byte> block) => WriteLines(output, block, withIds: false);

    private static void WriteLines<TOutput>(TOutput output, ReadOnlySpan<byte> block, bool withIds)
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

    /// <summary>Takes a line with its end, which is CR, LF or CRLF.</summary>
    private static ReadOnlySpan<byte> TakeLine(ref ReadOnlySpan<byte> rest, out int contentLength)
    {
        int at = rest.IndexOfAny(LineEnds);
        contentLength = at < 0 ? rest.Length : at;
        int length = at < 0 ? rest.Length : at + (rest[at] == '\r' && at + 1 < rest.Length && rest[at + 1] == '\n' ? 2 : 1);
        ReadOnlySpan<byte> line = rest[..length];
        rest = rest[length..];
        return line;
    }

    private static bool IsTerminal(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> value = line[Math.Min(3, line.Length)..];
        value = value is [(byte)' ', ..] ? value[1..] : value;
        return value.SequenceEqual("gai.done"u8) || value.SequenceEqual("gai.failed"u8);
    }

    private bool TryEndRecord(FrameWriter output, int start)
    {
        ReadOnlySpan<byte> body = output.Frame[start..];
        if (!IsOneRecord(body))
        {
            return false;
        }

        bool isEmpty = body.Length == 3;
        output.Rewind(output.Frame.Length - 2);
        WriteMember(output, Id, isEmpty);
        return true;
    }

    /// <summary>Whether these bytes are one object on a line of its own, without a member of the id's name in whatever depth.</summary>
    private static bool IsOneRecord(ReadOnlySpan<byte> body) =>
        body.Length >= 3 && body[0] == '{' && body[1] is (byte)'"' or (byte)'}' &&
        body[^2] == '}' && body.IndexOf((byte)'\n') == body.Length - 1 && body.IndexOf(MemberName) < 0;

    private static void WriteMember(FrameWriter output, ReadOnlySpan<byte> id, bool isFirst)
    {
        output.Write(isFirst ? MemberStart[1..] : MemberStart);
        output.Write(id);
        output.Write("\"}\n"u8);
    }

    /// <summary>Gives each record its id, and drops blank lines.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EndRecords(FrameWriter output, int start)
    {
        int length = output.Frame.Length - start;
        byte[] rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            output.Frame[start..].CopyTo(rented);
            output.Rewind(start);
            Span<byte> id = stackalloc byte[LogPosition.TextLength];
            Id.CopyTo(id);
            ReadOnlySpan<byte> rest = rented.AsSpan(0, length);
            while (!rest.IsEmpty)
            {
                ReadOnlySpan<byte> record = TakeLine(ref rest, out _).Trim(Blanks);
                if (!record.IsEmpty)
                {
                    WriteRecord(output, record, id);
                    _ends.Add(output.Frame.Length);
                    OrderedText.Increment(id[LogId.TextLength..]);
                }
            }
        }
        catch (InvalidOperationException)
        {
            _ends.Clear();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static void WriteRecord(FrameWriter output, ReadOnlySpan<byte> record, ReadOnlySpan<byte> id)
    {
        record = record.Trim(Blanks);
        CheckRecord(record);
        output.Write(record[..^1]);
        WriteMember(output, id, isFirst: record[1..^1].Trim(Blanks).IsEmpty);
    }

    private static void CheckRecord(ReadOnlySpan<byte> record)
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
}
