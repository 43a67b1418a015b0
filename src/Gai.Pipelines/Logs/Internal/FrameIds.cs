using System.Buffers;
using System.Runtime.CompilerServices;

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
        if (_asRecords ? TryEndRecord(output, start) : WrittenBlocks.IsOne(output.Frame[(start + LineLength)..]))
        {
            Note(output, output.Frame.Length, memory);
        }
        else
        {
            EndSeveral(output, start, memory);
        }
    }

    /// <summary>Cuts what a dialect has written for one event into frames, without ids: a store is to number them.</summary>
    /// <exception cref="InvalidOperationException">A record cannot carry an id.</exception>
    public static void Cut(ReadOnlySpan<byte> written, StreamFormat format, LogBatch into)
    {
        if (format == StreamFormat.ServerSentEvents ? WrittenBlocks.IsOne(written) : WrittenRecords.IsOne(written))
        {
            into.Add(written);
            return;
        }

        if (format != StreamFormat.ServerSentEvents)
        {
            // All or none.
            for (ReadOnlySpan<byte> rest = written; !rest.IsEmpty;)
            {
                ReadOnlySpan<byte> record = WrittenRecords.Take(ref rest);
                if (!record.IsEmpty)
                {
                    WrittenRecords.Check(record);
                }
            }
        }

        var frame = new ArrayBufferWriter<byte>();
        while (!written.IsEmpty)
        {
            bool isFrame;
            if (format == StreamFormat.ServerSentEvents)
            {
                ReadOnlySpan<byte> block = WrittenBlocks.Take(ref written, out isFrame, out bool hasTerminalId);
                WrittenBlocks.Write(frame, block, withIds: isFrame && hasTerminalId);
            }
            else
            {
                ReadOnlySpan<byte> record = WrittenRecords.Take(ref written);
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
            WrittenBlocks.Write(output, body, withIds: false);
        }
        else
        {
            WrittenRecords.Write(output, body, ids.Id);
        }
    }

    private void Note(FrameWriter output, int end, LogMemory? memory)
    {
        // What is too large is refused when it is committed, and the stream fails.
        if (output.Frame.Length <= output.MaxFrameBytes)
        {
            memory?.Note(output.CommittedBytes + end, output.IsInScratch ? output.Frame.Length : 0);
            OrderedText.Increment(_line.AsSpan(SequenceStart, LogPosition.SequenceLength));
            Next++;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EndSeveral(FrameWriter output, int start, LogMemory? memory)
    {
        // Of an event that was refused while it was cut some may be left.
        _ends.Clear();
        if (_asRecords)
        {
            EndRecords(output, start);
        }
        else
        {
            EndBlocks(output, start);
        }

        foreach (int end in _ends)
        {
            Note(output, end, memory);
        }
    }

    /// <summary>Gives each block with data an id in place of its own, and drops what is no event.</summary>
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
                ReadOnlySpan<byte> block = WrittenBlocks.Take(ref rest, out bool hasData, out bool hasTerminalId);
                if (!hasData && _ends.Count == 0)
                {
                    // A comment or a time to wait before the first event belongs to it; where none follows, to none.
                    WrittenBlocks.Write(output, block, withIds: false);
                    continue;
                }

                if (!hasData)
                {
                    WrittenBlocks.Write(output, block, withIds: false);
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
                    WrittenBlocks.Write(output, block, withIds: false);
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

    private bool TryEndRecord(FrameWriter output, int start)
    {
        ReadOnlySpan<byte> body = output.Frame[start..];
        if (!WrittenRecords.IsOne(body))
        {
            return false;
        }

        WrittenRecords.WriteInto(output, start, Id);
        return true;
    }

    /// <summary>Gives each record its id, and drops blank lines.</summary>
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
                ReadOnlySpan<byte> record = WrittenRecords.Take(ref rest);
                if (!record.IsEmpty)
                {
                    WrittenRecords.Write(output, record, id);
                    _ends.Add(output.Frame.Length);
                    OrderedText.Increment(id[LogId.TextLength..]);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
