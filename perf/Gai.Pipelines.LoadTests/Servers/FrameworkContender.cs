using System.Threading.Channels;
using Gai.Pipelines.LoadTests.Measuring;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>The result of ASP.NET Core.</summary>
internal sealed class FrameworkContender(ContenderSpec spec, WireFormat format) : Contender<Delta>(spec, format)
{
    public const string Name = "framework";

    public override void Configure(WebApplicationBuilder builder) =>
        builder.Services.ConfigureHttpJsonOptions(static json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, LoadJson.Default));

    public override Delta Event(string text) => new(text);

    public override Task PullAsync(HttpContext context, IAsyncEnumerable<Delta> events) =>
        TypedResults.ServerSentEvents(events, Row.TextDelta).ExecuteAsync(context);

    public override Task ReadAsync(HttpContext context, Channel<Delta> events) =>
        PullAsync(context, events.Reader.ReadAllAsync(context.RequestAborted));
}
