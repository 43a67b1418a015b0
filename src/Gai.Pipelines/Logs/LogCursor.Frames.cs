using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

public sealed partial class LogCursor
{
    // What is asked of an output at once; larger frames are built apart. See FrameWriter.
    private const int LargestRequest = 2048;

    /// <summary>Begins a wait. For the log, under its lock.</summary>
    internal void PrepareToWait() => _hasAnswer = false;

    /// <summary>Ends a wait: the pump goes on, on this thread. Behind the log's end come the ends of responses, which are the application's code: one reader's does not hold up the next.</summary>
    internal void EndWait()
    {
        _hasAnswer = true;
        Wake!.Signal(WakeSignals.Source, onThreadPool: Memory.HasEnded);
    }

    /// <summary>Takes the gap that is to be told next.</summary>
    internal LogGap? TakeGap()
    {
        if (_gap == 0)
        {
            return null;
        }

        var gap = new LogGap(Math.Max(_gap, 0), _next);
        _gap = 0;
        Log.Counts.OnGap();
        return gap;
    }

    /// <summary>Copies as many whole frames as the output has room for, and one at least.</summary>
    internal void CopyTo(FrameWriter output)
    {
        if (!HasFrames)
        {
            return;
        }

        ReadOnlySpan<byte> memory;
        ReadOnlySpan<int> ends;
        int index;
        if (Segment is { } segment)
        {
            index = (int)(_next - segment.First);
            memory = segment.Memory;
            ends = segment.Ends.AsSpan(0, (int)(UpTo - segment.First) + 1);
        }
        else
        {
            index = (int)(_next - _catchUp!.First);
            memory = _catchUp.Bytes;
            ends = _catchUp.Ends;
        }

        int start = index == 0 ? 0 : ends[index - 1];
        int count = CopyFrames(output, memory[start..], start, ends[index..]);
        Volatile.Write(ref _events, _events + count);
        Volatile.Write(ref _next, _next + count);
    }

    private static int CopyFrames(FrameWriter output, ReadOnlySpan<byte> memory, int start, ReadOnlySpan<int> ends)
    {
        int first = ends[0] - start;
        int room = Math.Min(output.GetSpan(Math.Min(first, LargestRequest)).Length, output.MaxFrameBytes - output.Frame.Length);
        if (room < first)
        {
            output.Write(memory[..first]);
            return 1;
        }

        int count = ends.BinarySearch(start + room);
        count = count >= 0 ? count + 1 : ~count;
        output.Write(memory[..(ends[count - 1] - start)]);
        return count;
    }

    /// <summary>Goes on with what is no longer in memory: from the store, if there is one, otherwise behind the gap.</summary>
    private void CatchUp()
    {
        if (Log.Store is null)
        {
            Skip(Memory.First);
            return;
        }

        _catchUp ??= new LogCatchUp(this);
        PrepareToWait();
        _state = State.Waiting;
        _catchUp.Begin(_next);
    }

    /// <summary>Looks what has come from the store.</summary>
    private void TakeCatchUp()
    {
        if (_catchUp is not { } catchUp || catchUp.TakeFirst() is not { } first)
        {
            return;
        }

        if (first != _next)
        {
            Skip(Math.Min(first, Math.Max(Memory.First, _next)));
        }
    }

    /// <summary>Gives back what was read from the store, which is much for a cursor that only waits.</summary>
    private void LeaveStore()
    {
        _catchUp?.Close();
        _catchUp = null;
    }

    private void Skip(long to)
    {
        if (to > _next)
        {
            Volatile.Write(ref _dropped, _dropped + to - _next);
            _gap = _gap == Foreign ? Foreign : _gap + to - _next;
            Volatile.Write(ref _next, to);
        }
    }
}
