using System.Globalization;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>What the scenarios ask a server for, the same for every contender.</summary>
internal sealed class StreamEndpoints<T>(Contender<T> contender, ContenderSpec spec, ServerState state)
{
    private readonly T[] _ring = Ring.Make(contender.Event);
    private readonly Ticker<T> _ticker = new(contender.Event);
    private readonly Broadcast<T> _broadcast = new();

    public ITicker Map(WebApplication app)
    {
        contender.Adapt(app.MapGet(Paths.Burst, context => CountedAsync(context, BurstAsync)));
        app.MapGet(Paths.Push, context => CountedAsync(context, PushAsync));
        app.MapGet(Paths.Live, context => CountedAsync(context, LiveAsync));
        app.MapGet(Paths.Fanout, context => CountedAsync(context, FanoutAsync));
        app.MapGet(Paths.Idle, context => CountedAsync(context, contender.IdleAsync));
        app.MapPost(Paths.Echo, context => CountedAsync(context, contender.EchoAsync));
        return _ticker;
    }

    private Task BurstAsync(HttpContext context) => contender.BurstAsync(context, _ring, Count(context));

    private async Task PushAsync(HttpContext context)
    {
        Channel<T> channel = CreateChannel();
        long count = Count(context);
        Task producer = Task.Run(() => FillAsync(channel.Writer, count));
        await contender.ReadAsync(context, channel);
        await producer;
    }

    private async Task LiveAsync(HttpContext context)
    {
        Channel<T> channel = CreateChannel();
        using IDisposable place = _ticker.Join(new ChannelTarget<T>(channel.Writer));
        await WriteAsync(context, channel);
    }

    private async Task FanoutAsync(HttpContext context)
    {
        Channel<T> channel = CreateChannel();
        using IDisposable place = _broadcast.Join(channel.Writer, Number(context, "readers"), writers => FillAllAsync(writers, Count(context)));
        await WriteAsync(context, channel);
    }

    private Task WriteAsync(HttpContext context, Channel<T> channel) => spec.Get("source") == "pull"
        ? contender.PullAsync(context, channel.Reader.ReadAllAsync(context.RequestAborted))
        : contender.ReadAsync(context, channel);

    private Channel<T> CreateChannel() => Channel.CreateBounded<T>(new BoundedChannelOptions(spec.Number("capacity") ?? StreamSource.DefaultChannelCapacity)
    {
        SingleReader = true,
        SingleWriter = true,
        AllowSynchronousContinuations = spec.Has("inline"),
    });

    private async Task FillAsync(ChannelWriter<T> writer, long count)
    {
        for (long i = 0; i < count; i++)
        {
            T item = _ring[i & (Ring.Size - 1)];
            if (!writer.TryWrite(item))
            {
                await writer.WriteAsync(item);
            }
        }

        writer.TryComplete();
    }

    /// <summary>One producer for all readers. It waits for the slowest.</summary>
    private async Task FillAllAsync(IReadOnlyList<ChannelWriter<T>> writers, long count)
    {
        for (long i = 0; i < count; i++)
        {
            T item = _ring[i & (Ring.Size - 1)];
            foreach (ChannelWriter<T> writer in writers)
            {
                if (!writer.TryWrite(item))
                {
                    await writer.WriteAsync(item);
                }
            }
        }

        foreach (ChannelWriter<T> writer in writers)
        {
            writer.TryComplete();
        }
    }

    private async Task CountedAsync(HttpContext context, Func<HttpContext, Task> write)
    {
        state.OnOpen();
        try
        {
            await write(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has left.
        }
        finally
        {
            state.OnClose();
        }
    }

    private static long Count(HttpContext context) => Number(context, "count");

    private static int Number(HttpContext context, string name) => int.Parse(context.Request.Query[name]!, CultureInfo.InvariantCulture);
}
