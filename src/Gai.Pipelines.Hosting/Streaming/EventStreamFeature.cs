using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gai.Pipelines.Hosting;

/// <summary>What a request remembers of the stream that its handler opened.</summary>
/// <remarks>
/// It stands where the request keeps its endpoint, and keeps that as well: for that one a server has a place. For a feature of our own it would make a list,
/// for every request that the middleware sees and as long as its stream is open.
/// </remarks>
internal sealed class EventStreamFeature : IEndpointFeature
{
    private const long None = -1;

    private long _eventsBeforeAbandoned = None;

    private EventStreamFeature(HttpContext context, EventStreamMiddleware? middleware)
    {
        Endpoint = context.GetEndpoint();
        Middleware = middleware;
    }

    public Endpoint? Endpoint { get; set; }

    /// <summary>What surrounds the request, if the application uses it.</summary>
    public EventStreamMiddleware? Middleware { get; }

    /// <summary>Whether a stream was begun, so that what happens in this request is ours to answer.</summary>
    public bool IsOpened { get; set; }

    /// <summary>The stream that the handler writes to itself, if it does.</summary>
    public IAsyncDisposable? Handled { get; set; }

    /// <summary>Whether a result runs the stream, so that nothing of the handler is left to fail.</summary>
    public bool IsResult { get; set; }

    /// <summary>Whether the client has its whole answer, and the log as well: what the handler does after that changes nothing.</summary>
    public bool IsConcluded { get; set; }

    /// <summary>Whether the handler left its stream without completing it, in a way of which the client has no sign yet.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>How many events the stream had that its handler left, if the client has been told so and the log has not.</summary>
    /// <remarks>The exception that made the handler leave is still on its way to the middleware, which logs both as one.</remarks>
    public long? EventsBeforeAbandoned => _eventsBeforeAbandoned == None ? null : _eventsBeforeAbandoned;

    /// <summary>Begins to remember, in a request that the middleware surrounds or that opens a stream without it.</summary>
    public static EventStreamFeature Begin(HttpContext context, EventStreamMiddleware? middleware)
    {
        var feature = new EventStreamFeature(context, middleware);
        context.Features.Set<IEndpointFeature>(feature);
        return feature;
    }

    public static EventStreamFeature? Find(HttpContext context) => context.Features.Get<IEndpointFeature>() as EventStreamFeature;

    public static EventStreamFeature Of(HttpContext context) => Find(context) ?? Begin(context, middleware: null);

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
