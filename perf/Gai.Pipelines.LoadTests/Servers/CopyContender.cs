using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Channels;
using Gai.Pipelines.LoadTests.Measuring;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>Encodes nothing: frames that somebody has made beforehand, copied. A channel is awaited with the token of the request, as most would, and so has a waiter for each wait. A burst has no source at all but a loop over an array.</summary>
internal sealed class CopyContender(ContenderSpec spec, WireFormat format) : Contender<byte[]>(spec, format)
{
    public const string Name = "copy";

    public override byte[] Event(string text) => Format.Frame(text);

    public override async Task BurstAsync(HttpContext context, byte[][] ring, long count)
    {
        SetHead(context.Response);
        PipeWriter output = context.Response.BodyWriter;
        int unflushed = 0;
        for (long i = 0; i < count; i++)
        {
            byte[] frame = ring[i & (Ring.Size - 1)];
            output.Write(frame);
            unflushed += frame.Length;
            if (unflushed >= UnflushedLimit)
            {
                unflushed = 0;
                await output.FlushAsync(context.RequestAborted);
            }
        }

        await output.FlushAsync(context.RequestAborted);
    }

    public override async Task PullAsync(HttpContext context, IAsyncEnumerable<byte[]> events)
    {
        SetHead(context.Response);
        await foreach (byte[] frame in events)
        {
            await context.Response.BodyWriter.WriteAsync(frame, context.RequestAborted);
        }
    }

    public override async Task ReadAsync(HttpContext context, Channel<byte[]> events)
    {
        SetHead(context.Response);
        PipeWriter output = context.Response.BodyWriter;
        int unflushed = 0;
        while (await events.Reader.WaitToReadAsync(context.RequestAborted))
        {
            while (events.Reader.TryRead(out byte[]? frame))
            {
                output.Write(frame);
                unflushed += frame.Length;
                if (unflushed >= UnflushedLimit)
                {
                    unflushed = 0;
                    await output.FlushAsync(context.RequestAborted);
                }
            }

            unflushed = 0;
            await output.FlushAsync(context.RequestAborted);
        }
    }
}
