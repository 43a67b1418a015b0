using System.IO.Pipelines;
using System.Threading.Channels;
using Gai.Pipelines.LoadTests.Measuring;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>
/// The floor: frames that somebody has made beforehand, copied into the memory of the response, with one Advance for as many as a block holds, since each costs
/// Kestrel a lock. They come from the same source as the events of the others; with <c>+loop</c> a burst has none but a loop over an array, so that what is left is Kestrel and the system.
/// A channel is awaited with the token of the request, as most would, and so has a waiter for each wait.
/// </summary>
internal sealed class CopyContender(ContenderSpec spec, WireFormat format) : Contender<byte[]>(spec, format)
{
    public const string Name = "copy";

    public override byte[] Event(string text) => Format.Frame(text);

    public override Task BurstAsync(HttpContext context, byte[][] ring, long count) =>
        Spec.Has("loop") ? LoopAsync(context, ring, count) : base.BurstAsync(context, ring, count);

    public override async Task PullAsync(HttpContext context, IAsyncEnumerable<byte[]> events)
    {
        SetHead(context.Response);
        var output = new Blocks(context.Response.BodyWriter, UnflushedLimit);
        await using IAsyncEnumerator<byte[]> source = events.GetAsyncEnumerator(context.RequestAborted);
        while (true)
        {
            ValueTask<bool> next = source.MoveNextAsync();
            if (!next.IsCompleted)
            {
                await output.FlushAsync(context.RequestAborted);
            }

            if (!await next)
            {
                break;
            }

            if (output.Write(source.Current))
            {
                await output.FlushAsync(context.RequestAborted);
            }
        }

        await output.FlushAsync(context.RequestAborted);
    }

    private async Task LoopAsync(HttpContext context, byte[][] ring, long count)
    {
        SetHead(context.Response);
        var output = new Blocks(context.Response.BodyWriter, UnflushedLimit);
        for (long i = 0; i < count; i++)
        {
            if (output.Write(ring[i & (Ring.Size - 1)]))
            {
                await output.FlushAsync(context.RequestAborted);
            }
        }

        await output.FlushAsync(context.RequestAborted);
    }

    public override async Task ReadAsync(HttpContext context, Channel<byte[]> events)
    {
        SetHead(context.Response);
        var output = new Blocks(context.Response.BodyWriter, UnflushedLimit);
        while (await events.Reader.WaitToReadAsync(context.RequestAborted))
        {
            while (events.Reader.TryRead(out byte[]? frame))
            {
                if (output.Write(frame))
                {
                    await output.FlushAsync(context.RequestAborted);
                }
            }

            await output.FlushAsync(context.RequestAborted);
        }
    }

    private sealed class Blocks(PipeWriter output, int limit)
    {
        private Memory<byte> _block;
        private int _used;
        private int _unflushed;

        /// <summary>Copies a frame, and says whether so much has gathered that it is time to flush.</summary>
        public bool Write(byte[] frame)
        {
            if (_block.Length - _used < frame.Length)
            {
                Leave();
                _block = output.GetMemory(frame.Length);
            }

            frame.CopyTo(_block.Span[_used..]);
            _used += frame.Length;
            _unflushed += frame.Length;
            return _unflushed >= limit;
        }

        public ValueTask<FlushResult> FlushAsync(CancellationToken clientGone)
        {
            Leave();
            _unflushed = 0;
            return output.FlushAsync(clientGone);
        }

        private void Leave()
        {
            if (_used > 0)
            {
                output.Advance(_used);
            }

            _block = default;
            _used = 0;
        }
    }
}
