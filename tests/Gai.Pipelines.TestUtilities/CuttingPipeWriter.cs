using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Gai.Pipelines.TestUtilities;

/// <summary>A client that gets so many bytes and is gone, in the middle of whatever that is.</summary>
public sealed class CuttingPipeWriter(long bytes, CancellationTokenSource client) : PipeWriter
{
    private readonly ArrayBufferWriter<byte> _written = new();

    public string Text => Encoding.UTF8.GetString(_written.WrittenSpan[..(int)Math.Min(bytes, _written.WrittenCount)]);

    public override void Advance(int bytes) => _written.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _written.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _written.GetSpan(sizeHint);

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_written.WrittenCount < bytes)
        {
            return default;
        }

        client.Cancel();
        return new(new FlushResult(isCanceled: false, isCompleted: true));
    }
}
