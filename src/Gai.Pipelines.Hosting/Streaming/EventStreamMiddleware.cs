using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.Hosting;

/// <summary>Surrounds the endpoints that stream: tells finished clients to stay away, and turns early failures into problem documents.</summary>
/// <remarks>
/// Register it with <c>app.UseGaiPipelines()</c>, after the middlewares for CORS and authentication. One instance serves all
/// requests. Endpoints that do not stream pass through it unchanged.
/// </remarks>
public sealed class EventStreamMiddleware : IMiddleware
{
    private readonly EventStreamProfiles _profiles;
    private readonly ILogger<EventStreamMiddleware> _logger;

    internal EventStreamMiddleware(EventStreamProfiles profiles, EventStreamExecutor executor, ILogger<EventStreamMiddleware> logger)
    {
        _profiles = profiles;
        Executor = executor;
        _logger = logger;
    }

    internal EventStreamExecutor Executor { get; }

    /// <summary>Whether other endpoints answer a request that they cannot read with a bare 400, as the framework does outside of development.</summary>
    internal bool HidesBadRequests { get; set; }

    /// <summary>Handles a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="next">The rest of the pipeline.</param>
    /// <returns>A task that ends with the request.</returns>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        if (LastEventId.IsTerminal(context.Request) && IsOurs(context))
        {
            return Executor.AnswerAsync(context, () => EventStreamExecutor.NoContentAsync(context));
        }

        var feature = EventStreamFeature.Begin(context, this);
        Task handling = HandleAsync(context, next);

        // A result that runs is the executor's, its failures as well. Thousands of streams wait here: they need no state machine for that.
        return feature.IsResult && !handling.IsCompleted ? handling : InvokeAsync(feature, context, handling);
    }

    /// <summary>Answers a request of which the client has seen nothing, after a failure.</summary>
    internal Task AnswerAsync(HttpContext context, Exception failure)
    {
        StreamError error = _profiles.Of(context.GetEndpoint()).Describe(failure);
        int status = StreamFailure.Status(failure, error);
        if (status >= StatusCodes.Status500InternalServerError)
        {
            Log.StreamFailedEarly(_logger, context.Request.Path, status, failure);
        }
        else
        {
            Log.StreamRefused(_logger, context.Request.Path, status, failure.Message);
        }

        return Problem.WriteAsync(context, failure, status, error);
    }

    private static Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            return next(context);
        }
        catch (Exception failure)
        {
            return Task.FromException(failure);
        }
    }

    private async Task InvokeAsync(EventStreamFeature feature, HttpContext context, Task handling)
    {
        try
        {
            try
            {
                await handling;
            }
            finally
            {
                if (feature.Handled is { } stream)
                {
                    // One that the handler has left open ends with it.
                    await stream.DisposeAsync();
                }
            }
        }
        catch (StreamOverException) when (feature.IsConcluded)
        {
            // The handler wrote on to a stream that had ended without it: the client has its answer, the log its entry.
            return;
        }
        catch (OperationCanceledException) when (RequestTimeout.HasPassed(context))
        {
            // The framework's middleware for timeouts answers.
            throw;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested && IsOurs(feature, context))
        {
            if (!feature.IsConcluded)
            {
                Log.ClientGone(_logger, context.Request.Path, 0);
            }

            return;
        }
        catch (Exception failure) when (feature.EventsBeforeAbandoned is not null)
        {
            Log.StreamFailed(_logger, context.Request.Path, feature.EventsBeforeAbandoned.Value, failure);
            return;
        }
        catch (Exception failure) when (!context.Response.HasStarted && IsOurs(feature, context))
        {
            await AnswerAsync(context, failure);
            return;
        }
        catch (BadHttpRequestException bad) when (HidesBadRequests && !context.Response.HasStarted && IsOfBinding(bad))
        {
            context.Response.StatusCode = bad.StatusCode;
            return;
        }

        if (feature.EventsBeforeAbandoned is { } events)
        {
            Log.StreamAbandoned(_logger, context.Request.Path, events, new StreamAbandonedException().Message);
        }
        else if (feature.IsAbandoned)
        {
            var abandoned = new StreamAbandonedException();
            if (context.Response.HasStarted)
            {
                // The server leaves out the end that HTTP prescribes, and logs it: the only sign that a plain stream can give.
                throw abandoned;
            }

            await AnswerAsync(context, abandoned);
        }
    }

    /// <summary>Whether what reads requests for handlers has thrown (the framework, what it generates, our own), and not a handler.</summary>
    private static bool IsOfBinding(BadHttpRequestException bad) =>
        new StackTrace(bad).GetFrame(0) is not { } frame || DiagnosticMethodInfo.Create(frame) is not { } thrower ||
        string.IsNullOrEmpty(thrower.DeclaringTypeName) || // what the framework has made of expressions
        thrower.DeclaringTypeName.StartsWith("Microsoft.AspNetCore.Http.", StringComparison.Ordinal) ||
        thrower.DeclaringAssemblyName.StartsWith("Gai.Pipelines.Hosting,", StringComparison.Ordinal);

    private static bool IsOurs(EventStreamFeature feature, HttpContext context) => feature.IsOpened || IsOurs(context);

    private static bool IsOurs(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<EventStreamMetadata>() is not null;
}
