using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

// What a request gets that comes to a resumable endpoint, before its handler runs.
internal sealed partial class ResumableStreams
{
    private async ValueTask<Func<Task>> FindAnswerAsync(HttpContext context, ResumableEndpoint endpoint)
    {
        if (!ResumePoint.TryRead(context.Request, out ResumePoint point, out StreamError problem))
        {
            return () => RefuseAsync(context, StatusCodes.Status400BadRequest, problem);
        }

        if (point.IsTerminal)
        {
            return () => NothingMoreAsync(context);
        }

        string? owner = StreamOwner.Of(context);
        LogKey key;
        try
        {
            key = endpoint.KeyOf(context, owner);
        }
        catch (ArgumentException failure)
        {
            return () => RefuseAsync(context, StatusCodes.Status400BadRequest, new StreamError(StreamErrorCodes.InvalidRequest, failure.Message));
        }

        StreamLog? log;
        try
        {
            log = await FindAsync(context, endpoint, point, key);
        }
        catch (InvalidOperationException) when (logs.IsStopping)
        {
            return () => RefuseDrainingAsync(context);
        }

        if (log is not null)
        {
            return HttpMethods.IsDelete(context.Request.Method)
                ? await CancelAsync(context, endpoint, log, key)
                : await AttachAsync(context, endpoint, log, point, key);
        }

        bool isForgotten = point.After is not null;
        if (HttpMethods.IsDelete(context.Request.Method) || (point.Stream is not null && !isForgotten))
        {
            return () => RefuseAsync(context, StatusCodes.Status404NotFound, NotFound);
        }

        return isForgotten && endpoint.Options.Missed == MissedEvents.Refuse
            ? () => RefuseAsync(context, StatusCodes.Status412PreconditionFailed, ResumePoint.Forgotten)
            : () => endpoint.HandleAsync(context, point, key.IsNone ? endpoint.NewKey() : key, owner);
    }

    /// <summary>Finds the log of the request's id, else that of its key where that may stand in for it.</summary>
    private async ValueTask<StreamLog?> FindAsync(HttpContext context, ResumableEndpoint endpoint, ResumePoint point, LogKey key)
    {
        LogOptions options = endpoint.Options.Log;
        if (point.Stream is { } id)
        {
            // Whoever names a stream, or cancels one, means no other.
            bool mayBeAnother = point.After is not null && !HttpMethods.IsDelete(context.Request.Method);
            StreamLog? log = await logs.FindAsync(id, options, context.RequestAborted);
            if (log is not null && mayBeAnother && endpoint.Options.Missed == MissedEvents.Refuse && !await endpoint.MayReadAsync(context, log.Description))
            {
                // Nothing is to tell it from an id that finds none.
                log = null;
            }

            if (log is not null || !mayBeAnother)
            {
                return log;
            }
        }

        return key.IsNone ? null : await logs.FindAsync(key, options, context.RequestAborted);
    }

    /// <summary>Lets a request read a log, if it may.</summary>
    private async ValueTask<Func<Task>> AttachAsync(HttpContext context, ResumableEndpoint endpoint, StreamLog log, ResumePoint point, LogKey key = default)
    {
        bool mayRead = await endpoint.MayReadAsync(context, log.Description);
        if (!mayRead)
        {
            // The very answer that an id without a stream gets, where that is not a new stream.
            return point.After is not null && endpoint.Options.Missed == MissedEvents.Refuse
                ? () => RefuseAsync(context, StatusCodes.Status412PreconditionFailed, ResumePoint.Forgotten)
                : () => RefuseAsync(context, StatusCodes.Status404NotFound, NotFound);
        }

        if (!endpoint.Owns(log.Description, key))
        {
            return () => RefuseAsync(context, StatusCodes.Status400BadRequest, ResumePoint.OfAnotherEndpoint);
        }

        if (point.HasAllOf(log))
        {
            return () => NothingMoreAsync(context);
        }

        if (FormatSelector.Select(context.Request.Headers.Accept, [log.Description.Format]) is null)
        {
            StreamError error = new(string.Empty, $"This stream is written as {log.Description.Format.MediaType()}, once for all its readers; the request accepts {context.Request.Headers.Accept}. Change the Accept header.");
            return () => RefuseAsync(context, StatusCodes.Status406NotAcceptable, error);
        }

        if (point.Open(log, endpoint.Options.Missed, out LogCursor? cursor) is { } missed)
        {
            return () => RefuseAsync(context, StatusCodes.Status412PreconditionFailed, missed);
        }

        if (cursor is null)
        {
            // Nobody read this copy for too long, while MayRead was asked for example. It may be found until whoever has given it up has forgotten it.
            await Task.Yield();
            return await FindAnswerAsync(context, endpoint);
        }

        return () => ReadAsync(context, cursor);
    }

    private async ValueTask<Func<Task>> CancelAsync(HttpContext context, ResumableEndpoint endpoint, StreamLog log, LogKey key)
    {
        if (!await endpoint.MayReadAsync(context, log.Description) || !endpoint.Owns(log.Description, key))
        {
            return () => RefuseAsync(context, StatusCodes.Status404NotFound, NotFound);
        }

        await logs.CancelAsync(log.Description.Id);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return static () => Task.CompletedTask;
    }
}
