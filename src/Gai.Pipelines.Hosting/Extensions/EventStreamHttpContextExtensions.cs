using Gai.Pipelines;
using Gai.Pipelines.Hosting;

namespace Microsoft.AspNetCore.Http;

/// <summary>Opens event streams from inside of a handler.</summary>
public static class EventStreamHttpContextExtensions
{
    /// <summary>Opens a stream that the handler writes to, event by event.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="context">The request.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    /// <returns>The stream. Complete it and dispose of it before the handler returns; one that is left open is ended then, as failed.</returns>
    public static EventStream<T> OpenEventStream<T>(this HttpContext context, EventStreamResultOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.OpenEventStream(DefaultDialect.For<T>(context, options), options);
    }

    /// <summary>Opens a stream in any dialect.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="context">The request.</param>
    /// <param name="dialect">The dialect, such as <see cref="Dialects.GaiEvents"/>.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    /// <returns>The stream. Complete it and dispose of it before the handler returns; one that is left open is ended then, as failed.</returns>
    public static EventStream<T> OpenEventStream<T>(this HttpContext context, DialectFactory<T> dialect, EventStreamResultOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(dialect);
        return new EventStream<T>(context, EventStreamServices.Executor(context), dialect, options);
    }
}
