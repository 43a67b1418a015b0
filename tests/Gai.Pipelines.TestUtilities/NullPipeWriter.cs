using System.IO.Pipelines;

namespace Gai.Pipelines.TestUtilities;

/// <summary>Forgets what is written and counts it. Allocates nothing.</summary>
public sealed class NullPipeWriter : PipeWriter
{
    private readonly byte[] _block = new byte[4096];

    public long Bytes { get; private set; }

    public long Flushes { get; private set; }

    public override void Advance(int bytes) => Bytes += bytes;

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Flushes++;
        return default;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => _block;

    public override Span<byte> GetSpan(int sizeHint = 0) => _block;
}
