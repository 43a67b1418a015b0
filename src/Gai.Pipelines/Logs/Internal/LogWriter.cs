using System.IO.Pipelines;

namespace Gai.Pipelines.Internal;

/// <summary>The writing end of a log, as a producer's pump sees it: an output that takes everything at once.</summary>
internal sealed class LogWriter(LogMemory memory) : PipeWriter
{
    private LogEnd? _end;
    private bool _endIsInFrames;

    public LogMemory Memory => memory;

    /// <summary>Whether the producer was cancelled: its error is then no failure.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>Whether the producer's node gives it up.</summary>
    public bool IsLost { get; set; }

    /// <summary>Ends the log with the next flush.</summary>
    public void End(LogEnd end, bool isInFrames)
    {
        _end = end;
        _endIsInFrames = isInFrames;
    }

    public override void Advance(int bytes) => memory.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => memory.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => memory.GetMemory(sizeHint).Span;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Flush();
        return default;
    }

    /// <summary>Lets readers see what is written.</summary>
    public void Flush() => memory.Publish(_end, _endIsInFrames);

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }
}
