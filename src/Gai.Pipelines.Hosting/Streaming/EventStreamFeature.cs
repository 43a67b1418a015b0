using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>What a request remembers of the stream that its handler opened.</summary>
internal sealed class EventStreamFeature(HttpContext context, bool hasMiddleware)
{
    public HttpContext Context { get; } = context;

    /// <summary>Whether a stream was begun, so that what happens in this request is ours to answer.</summary>
    public bool IsOpened { get; set; }

    /// <summary>Whether the handler left its stream without completing it, in a way of which the client has no sign yet.</summary>
    public bool IsAbandoned { get; private set; }

    public static EventStreamFeature Of(HttpContext context)
    {
        EventStreamFeature? feature = context.Features.Get<EventStreamFeature>();
        if (feature is null)
        {
            feature = new EventStreamFeature(context, hasMiddleware: false);
            context.Features.Set(feature);
        }

        return feature;
    }

    public void Abandon()
    {
        IsAbandoned = true;
        if (hasMiddleware)
        {
            return;
        }

        if (Context.Response.HasStarted)
        {
            Context.Abort();
        }
        else
        {
            Context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
    }
}
