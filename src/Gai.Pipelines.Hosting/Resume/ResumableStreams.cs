#pragma warning disable VSTHRD002, VSTHRD103 // Results are read here only of tasks that have completed.
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.Hosting;

/// <summary>Answers requests for streams that can be resumed: attaches them to what there is, lets the handler begin what there is not, cancels.</summary>
internal sealed class ResumableStreams(StreamLogs logs, EventStreamExecutor executor, StreamRegistry streams, ILogger<ResumableStreams> logger)
{
    private static readonly StreamError NotFound = new(
        StreamErrorCodes.NotFound, "There is no such stream, or it is not yours. Ask without an id to begin one.");

    private static readonly StreamError TooMany = new(
        StreamErrorCodes.Overloaded, "This endpoint produces as many streams as it takes; end one, or try again later.", Temporary: true);

    /// <summary>Answers a request.</summary>
    public Task HandleAsync(HttpContext context, ResumableEndpoint endpoint) => AnswerAsync(FindAnswerAsync(context, endpoint));

    /// <summary>Gives the answer that is found. The stream itself runs outside of what finds it, which an idle stream need not hold.</summary>
    public static Task AnswerAsync(ValueTask<Func<Task>> finding)
    {
        return finding.IsCompletedSuccessfully ? finding.GetAwaiter().GetResult()() : WhenFoundAsync(finding);

        static async Task WhenFoundAsync(ValueTask<Func<Task>> finding) => await (await finding)();
    }

    /// <summary>Begins the stream whose source the handler has given, or attaches to what another request with its key has begun.</summary>
    public async Task StartAsync<T>(ResumableRequest request, HttpContext context, StreamSource<T> source, DialectFactory<T> dialects, EventStreamResultOptions? options)
    {
        request.Restore();
        if (FormatOf(context, dialects, options) is not { } format)
        {
            // One JSON document, or nothing that is offered: an answer as from any endpoint.
            request.EndWithClient();
            await executor.ExecuteAsync(context, source, dialects, options);
            return;
        }

        if (context.RequestAborted.IsCancellationRequested)
        {
            // While it waited for the store, for example. Nobody would read what begins.
            await executor.CloseUnusedAsync(context, source, options);
            throw new OperationCanceledException(context.RequestAborted);
        }

        StreamLog? begun = null;
        Admission? place = null;
        LogAttachment attachment;
        try
        {
            if (streams.IsDraining)
            {
                await executor.RefuseAsync(context, source, options, () => EventStreamExecutor.DrainingAsync(context));
                return;
            }

            // Before the producer begins: it would run on unread if its response were then refused.
            place = executor.Enter(context);
            if (place.Refusal is { } refusal)
            {
                await executor.RefuseAsync(context, source, options, () => executor.RefusedAsync(context, refusal));
                return;
            }

            if (!request.Endpoint.TryEnter())
            {
                await executor.RefuseAsync(context, source, options, () => RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, TooMany with { RetryAfter = Retry.Jittered() }));
                return;
            }

            try
            {
                var production = new Production<T>(this, request, context, format, source, dialects, options);
                attachment = await logs.GetOrStartAsync(production.Start, production.Produce);
                begun = attachment.IsNew ? attachment.Log : null;
            }
            finally
            {
                if (begun is null)
                {
                    request.Endpoint.Leave();
                }
            }
        }
        catch (Exception failure)
        {
            await (logs.IsStopping
                ? executor.RefuseAsync(context, source, options, () => EventStreamExecutor.DrainingAsync(context))
                : executor.FailAsync(context, source, options, failure));
            return;
        }
        finally
        {
            if (begun is null)
            {
                // Who attaches to what another request has begun looks for a place as any reader does.
                place?.Dispose();
            }
        }

        if (begun is null)
        {
            await executor.CloseUnusedAsync(context, source, options);
            await (await AttachAsync(context, request.Endpoint, attachment.Log, request.Point))();
            return;
        }

        request.EndWith(begun);
        LogCursor cursor = request.Endpoint.Options.Missed == MissedEvents.Gap && request.Point.After is { } seen ? begun.OpenCursor(seen) : begun.OpenCursorAtStart();
        await ReadAsync(context, cursor, place);
    }

    public bool IsStopping => logs.IsStopping;

    public async ValueTask<bool> IsTopicAsync(LogId id) => await logs.FindAsync(id) is { Description.Kind: LogKind.Topic };

    /// <summary>Tells of a producer that has ended, and whose readers may all have left.</summary>
    public void OnProduced(string path, StreamLog log, in StreamOutcome outcome)
    {
        if (outcome.Exception is { } failure && (log.Failure is null || log.Readers == 0))
        {
            // What failed before its first event is told by the response that waits for it.
            Log.ProducerFailed(logger, path, outcome.Events, failure);
        }
        else
        {
            Log.ProducerEnded(logger, path, outcome.Events, outcome.Reason);
        }
    }

    public void Notify(string path, EventStreamResultOptions? options, in StreamOutcome outcome) => executor.Notify(path, options, outcome);

    public DialectContext ProducingContextOf(HttpContext context, StreamFormat format) => executor.ProducingContextOf(context, format);

    public PumpSettings ProducingSettingsOf(HttpContext context) => executor.ProfileOf(context).Pump;

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
                ? await CancelAsync(context, endpoint, log)
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

        if (!endpoint.Owns(log.Description) || !(key.IsNone || key == log.Description.Key))
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

    public Task RefuseAsync(HttpContext context, int status, StreamError error)
    {
        Log.StreamRefused(logger, context.Request.Path, status, error.Message);
        return executor.AnswerAsync(context, () => Problem.WriteAsync(context, status, error));
    }

    public Task RefuseDrainingAsync(HttpContext context) => executor.AnswerAsync(context, () => EventStreamExecutor.DrainingAsync(context));

    public Task NothingMoreAsync(HttpContext context) => executor.AnswerAsync(context, () => EventStreamExecutor.NoContentAsync(context));

    /// <summary>Reads a log as the response to a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="cursor">Reads the log.</param>
    /// <param name="place">The place that was taken for it, if one was.</param>
    public Task ReadAsync(HttpContext context, LogCursor cursor, Admission? place = null)
    {
        StreamLog log = cursor.Log;
        if (log.Description.Kind == LogKind.Generation && !context.Response.HasStarted)
        {
            context.Response.Headers[ResumePoint.StreamIdHeader] = log.Description.Id.ToString();
        }

        DialectFactory<LogFrames> dialects = Reading.Of(log).Dialects?.Invoke(cursor) ?? LogDialects.Of(log.Description.Dialect, cursor);
        return executor.ReadAsync(context, cursor, dialects, place);
    }

    private async ValueTask<Func<Task>> CancelAsync(HttpContext context, ResumableEndpoint endpoint, StreamLog log)
    {
        if (!await endpoint.MayReadAsync(context, log.Description) || !endpoint.Owns(log.Description))
        {
            return () => RefuseAsync(context, StatusCodes.Status404NotFound, NotFound);
        }

        await logs.CancelAsync(log.Description.Id);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return static () => Task.CompletedTask;
    }

    /// <summary>Chooses the format of a stream that is to begin.</summary>
    /// <returns><see langword="null"/> if it is none that can be resumed.</returns>
    private static StreamFormat? FormatOf<T>(HttpContext context, DialectFactory<T> dialects, EventStreamResultOptions? options)
    {
        if (options?.Format is { } given)
        {
            return given == StreamFormat.JsonDocument ? null : given;
        }

        return FormatSelector.Select(context.Request.Headers.Accept, dialects.Formats) is { } best and not StreamFormat.JsonDocument ? best : null;
    }
}
