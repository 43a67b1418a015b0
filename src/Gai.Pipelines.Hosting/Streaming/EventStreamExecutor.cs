using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Gai.Pipelines.Hosting;

/// <summary>Runs a stream as the response to a request. All doors lead here.</summary>
internal sealed class EventStreamExecutor(
    EventStreamProfiles profiles,
    StreamRegistry streams,
    StreamAdmission admission,
    StreamTelemetry telemetry,
    ILogger<EventStreamExecutor> logger)
{
    public EventStreamProfile ProfileOf(HttpContext context) => profiles.Of(context.GetEndpoint());

    /// <summary>Negotiates, sets the head, pumps, and concludes by the outcome.</summary>
    /// <exception cref="Exception">What the source threw, if the client could not be told by a record: the server is to answer or break the response.</exception>
    public async Task ExecuteAsync<T>(HttpContext context, StreamSource<T> source, DialectFactory<T> dialects, EventStreamResultOptions? options)
    {
        EventStreamFeature feature = EventStreamFeature.Of(context);
        feature.IsOpened = true;
        StreamFormat? format = options?.Format ?? Negotiate(context, dialects);
        if (format is null || LastEventId.IsTerminal(context.Request))
        {
            await RefuseAsync(context, source, options, () => format is null ? NotAcceptableAsync(context, dialects) : NoContentAsync(context));
        }
        else
        {
            await RunAdmittedAsync(context, source, dialects, options, format.Value);
        }

        feature.IsConcluded = true;
    }

    /// <summary>Runs a stream that finds a place among the limits; others are refused.</summary>
    private async Task RunAdmittedAsync<T>(
        HttpContext context, StreamSource<T> source, DialectFactory<T> dialects, EventStreamResultOptions? options, StreamFormat format)
    {
        using Admission place = await EnterAsync(context, source, options);
        if (place.Refusal is { } refusal)
        {
            await RefuseAsync(context, source, options, () => RefusedAsync(context, refusal));
        }
        else if (format == StreamFormat.JsonDocument)
        {
            await RunDocumentAsync(context, source, dialects, options);
        }
        else
        {
            await RunStreamAsync(context, source, dialects, options, format);
        }
    }

    /// <summary>Looks for a place. If the application's key of a client fails, whoever fills the source still learns that nobody will read it.</summary>
    private async ValueTask<Admission> EnterAsync<T>(HttpContext context, StreamSource<T> source, EventStreamResultOptions? options)
    {
        try
        {
            return admission.Enter(context, ProfileOf(context).MaxStreams);
        }
        catch (Exception failure)
        {
            await CloseUnusedAsync(context, source, new StreamOutcome(StreamOutcomeReason.SourceFailed, 0, 0, 0, HeadSent: false, failure), options);
            throw;
        }
    }

    /// <summary>Answers a client whose last event says that its stream is over: it must not connect again (WHATWG HTML 9.2.3).</summary>
    public static Task NoContentAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static StreamFormat? Negotiate<T>(HttpContext context, DialectFactory<T> dialects)
    {
        if (dialects.Formats.Count > 1)
        {
            // Caches must not give one client what another one accepted.
            context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        }

        return FormatSelector.Select(context.Request.Headers.Accept, dialects.Formats);
    }

    private async Task RunStreamAsync<T>(
        HttpContext context, StreamSource<T> source, DialectFactory<T> dialects, EventStreamResultOptions? options, StreamFormat format)
    {
        EventStreamProfile profile = ProfileOf(context);
        Dialect<T> dialect = await CreateAsync(context, dialects, ContextOf(context, format, profile), source, options);
        var head = new ResponseHead(context.Response);
        head.Set(format);
        StreamOutcome? run = await PumpAsync(context, source, dialect, context.Response.BodyWriter, new Run(profile, profile.Pump, format), options);
        if (run is not { } outcome)
        {
            head.Unset();
            await RefuseAsync(context, source, options, () => DrainingAsync(context));
        }
        else if (outcome.HeadSent)
        {
            StreamTelemetry.LeaveRequestDuration(context);
            Conclude(context, outcome, CloseOf(context, dialect.FailureClose));
        }
        else
        {
            head.Unset();
            await ConcludeUnsentAsync(context, outcome);
        }
    }

    private async Task RunDocumentAsync<T>(
        HttpContext context, StreamSource<T> source, DialectFactory<T> dialects, EventStreamResultOptions? options)
    {
        EventStreamProfile profile = ProfileOf(context);
        Dialect<T> dialect = await CreateAsync(context, dialects, ContextOf(context, StreamFormat.JsonDocument, profile), source, options);
        using var document = new DocumentWriter(profile.MaxDocumentBytes);
        StreamOutcome? run = await PumpAsync(context, source, dialect, document, new Run(profile, profile.Document, StreamFormat.JsonDocument), options);
        if (run is not { } outcome)
        {
            await RefuseAsync(context, source, options, () => DrainingAsync(context));
        }
        else if (outcome.Exception is DocumentTooLargeException tooLarge)
        {
            Log.StreamRefused(logger, context.Request.Path, StatusCodes.Status406NotAcceptable, tooLarge.Message);
            await Problem.WriteAsync(context, StatusCodes.Status406NotAcceptable, tooLarge.Message);
        }
        else if (outcome.Reason != StreamOutcomeReason.Completed)
        {
            await ConcludeUnsentAsync(context, outcome);
        }
        else
        {
            ReadOnlyMemory<byte> body = document.ToDocument(dialect.DocumentShape);
            context.Response.ContentType = "application/json; charset=utf-8";
            context.Response.Headers.CacheControl = "no-cache";
            context.Response.ContentLength = body.Length;
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    /// <summary>Pumps a stream that the registry knows of.</summary>
    /// <returns><see langword="null"/> if the server lets no new stream begin.</returns>
    private async Task<StreamOutcome?> PumpAsync<T>(
        HttpContext context, StreamSource<T> source, Dialect<T> dialect, PipeWriter output, Run run, EventStreamResultOptions? options)
    {
        var pump = new EventPump<T>(source, dialect, output, run.Settings);
        using StreamRegistry.Entry? entry = streams.TryAdd(pump, context);
        if (entry is null)
        {
            return null;
        }

        using Activity? activity = StreamTelemetry.Begin(context, run.Format);
        TimeProvider time = run.Settings.Scheduler.TimeProvider;
        long start = time.GetTimestamp();
        StreamOutcome outcome;
        await using (AuthorizationWatch.Start(pump, context, run.Profile.Authorization, run.Settings.Scheduler, logger))
        {
            outcome = await pump.RunAsync(context.RequestAborted);
        }

        telemetry.OnEnd(context, activity, time.GetElapsedTime(start), outcome);
        Notify(context, options, outcome);
        return outcome;
    }

    /// <summary>Makes the dialect. If that fails, whoever fills the source still learns that nobody will read it.</summary>
    private async ValueTask<Dialect<T>> CreateAsync<T>(
        HttpContext context, DialectFactory<T> dialects, DialectContext dialectContext, StreamSource<T> source, EventStreamResultOptions? options)
    {
        try
        {
            return dialects.Create(dialectContext);
        }
        catch (Exception failure)
        {
            await CloseUnusedAsync(context, source, new StreamOutcome(StreamOutcomeReason.SourceFailed, 0, 0, 0, HeadSent: false, failure), options);
            throw;
        }
    }

    private static DialectContext ContextOf(HttpContext context, StreamFormat format, EventStreamProfile profile) =>
        new(format, profile.Dialect, new StreamIdentity(context.TraceIdentifier, Activity.Current?.TraceId.ToHexString()));

    private static FailureClose CloseOf(HttpContext context, FailureClose close) =>
        close == FailureClose.BrokenOverHttp1 && !HttpProtocol.IsHttp11(context.Request.Protocol) && !HttpProtocol.IsHttp10(context.Request.Protocol)
            ? FailureClose.Clean
            : close;

    private void Conclude(HttpContext context, in StreamOutcome outcome, FailureClose close)
    {
        switch (outcome.Reason)
        {
            case StreamOutcomeReason.Completed when outcome.Exception is { } late:
                Log.SourceDisposalFailed(logger, context.Request.Path, late);
                break;
            case StreamOutcomeReason.ClientGone:
                Log.ClientGone(logger, context.Request.Path, outcome.Events);
                break;
            case StreamOutcomeReason.TooSlow:
                // What the transport still holds is for a client that does not read: to wait for it would be to wait for ever.
                Log.ClientTooSlow(logger, context.Request.Path, outcome.Events);
                context.Abort();
                break;
            case StreamOutcomeReason.Drained or StreamOutcomeReason.Expired or StreamOutcomeReason.Unauthorized:
                Log.StreamEnded(logger, context.Request.Path, outcome.Events, outcome.Reason);
                if (close == FailureClose.Broken)
                {
                    context.Abort();
                }
                else if (close == FailureClose.BrokenOverHttp1)
                {
                    // As below: the error record is on its way, and an abort would overtake it.
                    throw new StreamEndedException(outcome.Reason);
                }

                break;
            case StreamOutcomeReason.SourceFailed when close != FailureClose.Clean:
                // The server sends what is flushed, leaves out the end that HTTP prescribes, and logs the exception. To
                // abort the connection here instead would lose bytes that are still on their way.
                ExceptionDispatchInfo.Throw(outcome.Exception!);
                break;
            case StreamOutcomeReason.SourceFailed when outcome.Exception is StreamAbandonedException abandoned:
                if (!EventStreamFeature.Of(context).TryLeaveToMiddleware(outcome.Events))
                {
                    Log.StreamAbandoned(logger, context.Request.Path, outcome.Events, abandoned.Message);
                }

                break;
            case StreamOutcomeReason.SourceFailed:
                Log.StreamFailed(logger, context.Request.Path, outcome.Events, outcome.Exception!);
                break;
        }
    }

    /// <summary>Concludes a stream of which the client has seen nothing: the response can still be another one.</summary>
    private async Task ConcludeUnsentAsync(HttpContext context, StreamOutcome outcome)
    {
        switch (outcome.Reason)
        {
            case StreamOutcomeReason.Drained:
                await DrainingAsync(context);
                break;
            case StreamOutcomeReason.Expired:
                await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, StreamError.Expired with { RetryAfter = Retry.Jittered() });
                break;
            case StreamOutcomeReason.Unauthorized:
                await Problem.WriteAsync(context, StatusCodes.Status401Unauthorized, StreamError.Unauthorized);
                break;
            case StreamOutcomeReason.SourceFailed:
                // The middleware, or whoever else handles exceptions here, answers and logs it.
                ExceptionDispatchInfo.Throw(outcome.Exception!);
                break;
            default:
                Log.ClientGone(logger, context.Request.Path, outcome.Events);
                break;
        }
    }

    private async Task RefuseAsync<T>(HttpContext context, StreamSource<T> source, EventStreamResultOptions? options, Func<Task> answer)
    {
        await CloseUnusedAsync(context, source, new StreamOutcome(StreamOutcomeReason.Refused, 0, 0, 0, HeadSent: false), options);
        await answer();
        telemetry.OnRefused(context);
    }

    private async Task CloseUnusedAsync<T>(HttpContext context, StreamSource<T> source, StreamOutcome outcome, EventStreamResultOptions? options)
    {
        await source.CloseAsync(outcome);
        Notify(context, options, outcome);
    }

    /// <summary>Tells the application that its stream is over. What it throws then must not spoil a response that is complete.</summary>
    private void Notify(HttpContext context, EventStreamResultOptions? options, StreamOutcome outcome)
    {
        try
        {
            options?.OnClosed?.Invoke(outcome);
        }
        catch (Exception failure)
        {
            Log.OnClosedFailed(logger, context.Request.Path, failure);
        }
    }

    private Task NotAcceptableAsync<T>(HttpContext context, DialectFactory<T> dialects)
    {
        string offered = string.Join(", ", dialects.Formats.Select(static format => format.MediaType()));
        string detail = $"This endpoint answers as one of {offered}; the request accepts {context.Request.Headers.Accept}. Change the Accept header.";
        Log.StreamRefused(logger, context.Request.Path, StatusCodes.Status406NotAcceptable, detail);
        return Problem.WriteAsync(context, StatusCodes.Status406NotAcceptable, detail);
    }

    private Task RefusedAsync(HttpContext context, StreamError refusal)
    {
        int status = StreamFailure.Status(refusal.Code);
        Log.StreamRefused(logger, context.Request.Path, status, refusal.Message);
        return Problem.WriteAsync(context, status, refusal);
    }

    private static Task DrainingAsync(HttpContext context) =>
        Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, StreamError.ServerDraining with { RetryAfter = Retry.Jittered() });

    /// <summary>How a stream is run.</summary>
    private readonly record struct Run(EventStreamProfile Profile, PumpSettings Settings, StreamFormat Format);
}

/// <summary>Breaks the end of a response whose stream was ended from outside, after its last frame.</summary>
internal sealed class StreamEndedException(StreamOutcomeReason reason) : Exception(
    $"The stream was ended ({reason}). Its client has the error record; the response ends broken for those that overlook it.");
