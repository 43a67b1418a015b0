using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.LoadTests.Measuring;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>This library, with its own events.</summary>
internal sealed class GaiContender(ContenderSpec spec, WireFormat format) : Contender<StreamEvent>(spec, format)
{
    public const string Name = "gai";

    public override void Configure(WebApplicationBuilder builder) => GaiOptions.Add(builder, Spec);

    public override StreamEvent Event(string text) => StreamEvent.TextDelta(text);

    public override Task PullAsync(HttpContext context, IAsyncEnumerable<StreamEvent> events) =>
        TypedResults.Extensions.EventStream(events).ExecuteAsync(context);

    public override Task ReadAsync(HttpContext context, Channel<StreamEvent> events) =>
        TypedResults.Extensions.EventStream(events).ExecuteAsync(context);

    public override Task EchoAsync(HttpContext context) => PullAsync(context, AnswerAsync(context));

    public override void Adapt(IEndpointConventionBuilder burst)
    {
        if (Spec.Has("resumable"))
        {
            burst.Resumable();
        }
    }

    protected override bool HandsOnToken => true;

    protected override void Use(WebApplication app) => app.UseGaiPipelines();

    private static async IAsyncEnumerable<StreamEvent> AnswerAsync(HttpContext context, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        NdjsonBody<Row> rows = (await NdjsonBody<Row>.BindAsync(context, null!))!;
        await foreach (Row row in rows.WithCancellation(cancellationToken))
        {
            yield return StreamEvent.TextDelta(row.Text);
        }
    }
}

/// <summary>This library, with a type of the application.</summary>
internal sealed class GaiTypedContender<T>(ContenderSpec spec, WireFormat format, Func<string, T> make, string? eventType) : Contender<T>(spec, format)
{
    public override void Configure(WebApplicationBuilder builder) => GaiOptions.Add(builder, Spec);

    public override T Event(string text) => make(text);

    public override Task PullAsync(HttpContext context, IAsyncEnumerable<T> events) =>
        TypedResults.Extensions.EventStream(events, eventType).ExecuteAsync(context);

    public override Task ReadAsync(HttpContext context, Channel<T> events) =>
        TypedResults.Extensions.EventStream(events, new EventStreamResultOptions { EventType = eventType }).ExecuteAsync(context);

    protected override bool HandsOnToken => true;

    protected override void Use(WebApplication app) => app.UseGaiPipelines();
}

/// <summary>The name of <see cref="GaiTypedContender{T}"/>.</summary>
internal static class GaiTypedContender
{
    public const string Name = "gai-typed";
}

/// <summary>The options of this library that can be asked for.</summary>
internal static class GaiOptions
{
    public static void Add(WebApplicationBuilder builder, ContenderSpec spec)
    {
        builder.Services.AddGaiPipelines(options =>
        {
            options.FlushPolicy = spec.Number("window") is { } window ? FlushPolicy.Window(TimeSpan.FromMilliseconds(window)) : options.FlushPolicy;
            options.KeepAliveInterval = spec.Number("keep-alive") is { } seconds ? TimeSpan.FromSeconds(seconds) : options.KeepAliveInterval;
            options.UnflushedLimitBytes = spec.Number("unflushed") ?? options.UnflushedLimitBytes;
            options.ChannelCapacity = spec.Number("capacity") ?? options.ChannelCapacity;

            // So that finished bursts make room for the next, as they do on a server that has run for a while.
            options.Logs.MaxTotalBytes = spec.Has("resumable") ? 32 * 1024 * 1024 : options.Logs.MaxTotalBytes;
        });
        if (spec.Has("pool") || spec.Has("inline"))
        {
            builder.Services.AddSingleton(static _ => new StreamScheduler(TimeProvider.System, hasReadyQueue: false));
        }

        builder.Services.ConfigureHttpJsonOptions(static json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, LoadJson.Default));
    }
}
