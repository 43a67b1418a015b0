using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>What a request remembers of the stream that its handler opened.</summary>
internal sealed class EventStreamFeature(EventStreamMiddleware? middleware)
{
    private const long None = -1;

    private long _eventsBeforeAbandoned = None;

    /// <summary>What surrounds the request, if the application uses it.</summary>
    public EventStreamMiddleware? Middleware { get; } = middleware;

    /// <summary>Whether a stream was begun, so that what happens in this request is ours to answer.</summary>
    public bool IsOpened { get; set; }

    /// <summary>Whether a result runs the stream, so that nothing of the handler is left to fail.</summary>
    public bool IsResult { get; set; }

    /// <summary>Whether the client has its whole answer, and the log as well: what the handler does after that changes nothing.</summary>
    public bool IsConcluded { get; set; }

    /// <summary>Whether the handler left its stream without completing it, in a way of which the client has no sign yet.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>How many events the stream had that its handler left, if the client has been told so and the log has not.</summary>
    /// <remarks>The exception that made the handler leave is still on its way to the middleware, which logs both as one.</remarks>
    public long? EventsBeforeAbandoned => _eventsBeforeAbandoned == None ? null : _eventsBeforeAbandoned;

    public static EventStreamFeature Of(HttpContext context)
    {
        EventStreamFeature? feature = context.Features.Get<EventStreamFeature>();
        if (feature is null)
        {
            feature = new EventStreamFeature(middleware: null);
            context.Features.Set(feature);
        }

        return feature;
    }

    /// <summary>Leaves it to the middleware to log a stream whose client has been told that the handler left it.</summary>
    /// <returns><see langword="false"/> if there is no middleware.</returns>
    public bool TryLeaveToMiddleware(long events)
    {
        _eventsBeforeAbandoned = Middleware is null ? None : events;
        return Middleware is not null;
    }

    public void Abandon(HttpContext context)
    {
        IsAbandoned = true;
        if (Middleware is not null)
        {
            return;
        }

        if (context.Response.HasStarted)
        {
            context.Abort();
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
    }
}
