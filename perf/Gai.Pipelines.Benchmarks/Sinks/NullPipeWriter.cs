using System.IO.Pipelines;

namespace Gai.Pipelines.Benchmarks.Sinks;

/// <summary>The body of a response that nobody reads: every flush is done at once.</summary>
internal sealed class NullPipeWriter : PipeWriter
{
    private readonly BlockWriter _blocks = new();

    public override Memory<byte> GetMemory(int sizeHint = 0) => _blocks.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _blocks.GetSpan(sizeHint);

    public override void Advance(int bytes) => _blocks.Advance(bytes);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    /// <summary>Gives what a stream writes.</summary>
    public byte[] Capture(Func<Task> run) => _blocks.Capture(() => run().GetAwaiter().GetResult());
}
