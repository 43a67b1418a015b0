using System.Threading.Channels;
using Gai.Pipelines.LoadTests.Measuring;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>A handler that waits until its client has gone, and nothing else. It has not sent its head unless it is asked to.</summary>
internal sealed class BareContender(ContenderSpec spec, WireFormat format) : Contender<string>(spec, format)
{
    public const string Name = "bare";

    public override string Event(string text) => text;

    public override Task IdleAsync(HttpContext context) => Spec.Has("head") ? WaitWithHeadAsync(context) : Task.Delay(Timeout.Infinite, context.RequestAborted);

    public override Task PullAsync(HttpContext context, IAsyncEnumerable<string> events) => throw new NotSupportedException("It only waits.");

    public override Task ReadAsync(HttpContext context, Channel<string> events) => throw new NotSupportedException("It only waits.");

    private async Task WaitWithHeadAsync(HttpContext context)
    {
        SetHead(context.Response);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await Task.Delay(Timeout.Infinite, context.RequestAborted);
    }
}
