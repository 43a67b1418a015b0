#pragma warning disable VSTHRD002, VSTHRD103 // Results are read here only of tasks that have completed.
using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.Hosting;

/// <summary>Answers requests for streams that can be resumed: attaches them to what there is, lets the handler begin what there is not, cancels.</summary>
internal sealed partial class ResumableStreams(StreamLogs logs, EventStreamExecutor executor, StreamRegistry streams, ILogger<ResumableStreams> logger)
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
        LogAttachment attachment = default;
        Func<Task>? refusal;
        try
        {
            refusal = Enter(context, request.Endpoint, out place);
            if (refusal is null)
            {
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

        if (refusal is not null)
        {
            // Not above: what throws while it is written would close the source again.
            await executor.RefuseAsync(context, source, options, refusal);
            return;
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
        if (outcome.IsLate)
        {
            Log.SourceDisposalFailed(logger, path, outcome.Exception!);
        }

        if (outcome is { Exception: { } failure, IsLate: false } && (log.Failure is null || log.Readers == 0))
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

    /// <summary>Looks for a place for a producer and for its first response. Before the producer begins: it would run on unread if that were then refused.</summary>
    /// <param name="context">The request.</param>
    /// <param name="endpoint">Whose producer it is.</param>
    /// <param name="place">The place of the response, if it was looked for.</param>
    /// <returns>What the client is told if there is none.</returns>
    private Func<Task>? Enter(HttpContext context, ResumableEndpoint endpoint, out Admission? place)
    {
        place = null;
        if (streams.IsDraining)
        {
            return () => EventStreamExecutor.DrainingAsync(context);
        }

        place = executor.Enter(context);
        if (place.Refusal is { } refusal)
        {
            return () => executor.RefusedAsync(context, refusal);
        }

        return endpoint.TryEnter() ? null : () => executor.RefusedAsync(context, TooMany with { RetryAfter = Retry.Jittered() });
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
