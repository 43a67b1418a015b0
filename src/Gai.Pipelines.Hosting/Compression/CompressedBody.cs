using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>The body of a response that is compressed: what is written is compressed when it is flushed, and all of it reaches the client then.</summary>
/// <remarks>
/// To the pump it is an output as any other. Between two flushes it holds one pooled block, and none while the stream is idle. The encoder's
/// own memory lives as long as the stream.
/// </remarks>
internal sealed class CompressedBody(HttpContext context, Compressor compressor, PumpSettings settings, CompressedStreams streams) : PipeWriter, IDisposable
{
    private const int BlockBytes = 4096;

    private readonly PipeWriter _body = context.Response.BodyWriter;
    private byte[] _block = [];
    private int _length;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        EnsureRoom(Math.Max(sizeHint, 1));
        return _block.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        EnsureRoom(Math.Max(sizeHint, 1));
        return _block.AsSpan(_length);
    }

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)(_block.Length - _length), nameof(bytes));
        _length += bytes;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        // A flush of nothing sends the head: the encoder has nothing to say to it.
        CompressBlock();
        ReturnBlock();
        return _body.FlushAsync(cancellationToken);
    }

    public override void CancelPendingFlush() => _body.CancelPendingFlush();

    /// <summary>Does nothing: how the compressed data ends is decided by <see cref="ConcludeAsync"/>.</summary>
    public override void Complete(Exception? exception = null)
    {
    }

    /// <summary>Ends the compressed data if the response ends well. Where it ends broken, the data do as well: both say that not all is there.</summary>
    /// <param name="reason">How the stream has ended.</param>
    /// <param name="close">How its response ends if it has failed.</param>
    public async ValueTask ConcludeAsync(StreamOutcomeReason reason, FailureClose close)
    {
        bool endsWell = reason switch
        {
            StreamOutcomeReason.Completed => true,
            StreamOutcomeReason.ClientGone or StreamOutcomeReason.TooSlow => false,
            _ => close == FailureClose.Clean,
        };
        if (!endsWell)
        {
            return;
        }

        compressor.Finish();
        try
        {
            // Not left to the server: somebody may have put another body before its own.
            await _body.FlushAsync().AsTask().WaitAsync(settings.WriteTimeout, settings.Scheduler.TimeProvider);
        }
        catch (TimeoutException)
        {
            context.Abort();
        }
        catch (Exception)
        {
            // The client is gone.
        }
    }

    public void Dispose()
    {
        ReturnBlock();
        compressor.Dispose();
        streams.Leave();
    }

    private void EnsureRoom(int needed)
    {
        if (_block.Length - _length >= needed)
        {
            return;
        }

        CompressBlock();
        if (_block.Length < needed)
        {
            ReturnBlock();
            _block = ArrayPool<byte>.Shared.Rent(Math.Max(needed, BlockBytes));
        }
    }

    private void CompressBlock()
    {
        compressor.Write(_block.AsSpan(0, _length));
        _length = 0;
    }

    private void ReturnBlock()
    {
        if (_block.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_block);
            _block = [];
            _length = 0;
        }
    }
}
