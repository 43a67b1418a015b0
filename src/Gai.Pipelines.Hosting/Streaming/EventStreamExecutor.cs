using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Gai.Pipelines.Hosting;

/// <summary>Opens streams as responses to requests: negotiates, looks for a place, and lets the stream run or says why not. All doors lead here.</summary>
internal sealed class EventStreamExecutor(
    EventStreamProfiles profiles,
    StreamRegistry streams,
    StreamAdmission admission,
    CompressedStreams compression,
    StreamTelemetry telemetry,
    ILogger<EventStreamExecutor> logger)
{
    public StreamTelemetry Telemetry => telemetry;

    public CompressedStreams Compression => compression;

    public ILogger Logger => logger;

    public EventStreamProfile ProfileOf(HttpContext context) => profiles.Of(context.GetEndpoint());

    /// <summary>The profile of endpoints that change nothing about the options.</summary>
    public EventStreamProfile DefaultProfile => profiles.Of(endpoint: null);

    /// <summary>Looks for a place for a stream. Whoever takes it disposes of it, or hands it on.</summary>
    public Admission Enter(HttpContext context) => admission.Enter(context, ProfileOf(context).MaxStreams);

    /// <summary>Opens a stream and runs it to its end.</summary>
    /// <exception cref="Exception">What the source threw, if the client could not be told by a record: the server is to answer or break the response.</exception>
    /// <remarks>Not async: until the end, the one state machine that waits for a stream on this side of the pump is its run's.</remarks>
    public Task ExecuteAsync<T>(HttpContext context, StreamSource<T> source, DialectFactory<T> dialects, EventStreamResultOptions? options)
    {
        EventStreamFeature.Of(context).IsOpened = true;
        if (context.Response.HasStarted)
        {
            return FailAsync(context, source, options, HasStarted());
        }

        bool isHead = HttpMethods.IsHead(context.Request.Method);
        if (context.Features.Get<ResumableRequest>() is { } resumable)
        {
            if (!isHead)
            {
                return context.RequestServices.GetRequiredService<ResumableStreams>().StartAsync(resumable, context, source, dialects, options);
            }

            resumable.Restore();
            resumable.EndWithClient();
        }

        StreamFormat? format = options?.Format ?? Negotiate(context, dialects);
        if (format is null)
        {
            return RefuseAsync(context, source, options, () => NotAcceptableAsync(context, dialects));
        }

        if (LastEventId.IsTerminal(context.Request))
        {
            return RefuseAsync(context, source, options, () => NoContentAsync(context));
        }

        return isHead && format != StreamFormat.JsonDocument
            ? AnswerHeadAsync(context, source, format.Value, options)
            : RunAsync(context, source, dialects, format.Value, options, reading: null, place: null);
    }

    /// <summary>Opens a stream that reads a log, and runs it to its end.</summary>
    /// <param name="context">The request.</param>
    /// <param name="cursor">Reads the log.</param>
    /// <param name="dialects">How its response is opened, kept alive and ended.</param>
    /// <param name="place">The place that was taken for it; <see langword="null"/> to look for one.</param>
    /// <exception cref="Exception">What the producer threw before its first event, or why the log ended, if the client could not be told by a record.</exception>
    public Task ReadAsync(HttpContext context, LogCursor cursor, DialectFactory<LogFrames> dialects, Admission? place)
    {
        EventStreamFeature feature = EventStreamFeature.Of(context);
        feature.IsOpened = feature.IsResult = true;
        if (context.Response.HasStarted)
        {
            place?.Dispose();
            return FailAsync(context, cursor, options: null, HasStarted());
        }

        StreamFormat format = cursor.Log.Description.Format;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            place?.Dispose();
            return AnswerHeadAsync(context, cursor, format, options: null);
        }

        return RunAsync(context, cursor, dialects, format, options: null, cursor, place);
    }

    private Task RunAsync<T>(
        HttpContext context,
        StreamSource<T> source,
        DialectFactory<T> dialects,
        StreamFormat format,
        EventStreamResultOptions? options,
        LogCursor? reading,
        Admission? place)
    {
        StreamRun<T> run;
        try
        {
            EventStreamProfile profile = ProfileOf(context);
            place ??= Enter(context);
            if (place.Refusal is { } refusal)
            {
                return RefuseAsync(context, source, options, () => RefusedAsync(context, refusal));
            }

            Dialect<T> dialect = dialects.Create(ContextOf(context, format, profile));
            run = new StreamRun<T>(this, context, source, dialect, format, profile, options, place, reading);
        }
        catch (Exception failure)
        {
            // The key of a client, the dialect and what an endpoint changes about the options are the application's code.
            place?.Dispose();
            return FailAsync(context, source, options, failure);
        }

        if (!streams.TryAdd(run))
        {
            run.Forget();
            return RefuseAsync(context, source, options, () => DrainingAsync(context));
        }

        return run.RunAsync(format);
    }

    /// <summary>Takes a stream that is over out of the open ones.</summary>
    public void Remove(StreamRegistry.Entry run) => streams.Remove(run);

    /// <summary>Answers a client whose last event says that its stream is over: it must not connect again (WHATWG HTML 9.2.3).</summary>
    public static Task NoContentAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>Answers HEAD: with the head that GET would get, and without a stream, which nobody could read and which would hold up the connection to its end (RFC 9110, 9.3.2).</summary>
    private async Task AnswerHeadAsync<T>(HttpContext context, StreamSource<T> source, StreamFormat format, EventStreamResultOptions? options)
    {
        await CloseUnusedAsync(context, source, options);
        CompressedStreams.Vary(context.Response, ProfileOf(context));
        default(ResponseHead).Set(context.Response, format);
        EventStreamFeature.Of(context).IsConcluded = true;

        // What a handler still writes finds its stream over, which is no failure any more.
        await context.Response.StartAsync(CancellationToken.None);
    }

    /// <summary>Answers a client whose stream cannot go on here, since the server shuts down.</summary>
    public static Task DrainingAsync(HttpContext context) =>
        Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, StreamError.ServerDraining with { RetryAfter = Retry.Jittered() });

    /// <summary>Answers a client that has seen nothing of a stream that has failed: the middleware does, or whoever else handles exceptions here.</summary>
    public static Task AnswerAsync(HttpContext context, Exception failure)
    {
        if (EventStreamFeature.Of(context) is { IsResult: true, Middleware: { } middleware } && !context.Response.HasStarted)
        {
            return middleware.AnswerAsync(context, failure);
        }

        ExceptionDispatchInfo.Throw(failure);
        return Task.CompletedTask;
    }

    /// <summary>Answers a client in place of a stream, and says so.</summary>
    public async Task AnswerAsync(HttpContext context, Func<Task> answer)
    {
        EventStreamFeature.Of(context).IsOpened = true;
        await answer();
        telemetry.OnRefused(context);
        EventStreamFeature.Of(context).IsConcluded = true;
    }

    /// <summary>Says what the dialect of a producer needs to begin, which outlives the request.</summary>
    public DialectContext ProducingContextOf(HttpContext context, StreamFormat format) =>
        new(format, ProfileOf(context).Dialect, new StreamIdentity(context.TraceIdentifier, Activity.Current?.TraceId.ToHexString()));

    /// <summary>Tells the application that its stream is over. What it throws then must not spoil a response that is complete.</summary>
    public void Notify(string path, EventStreamResultOptions? options, in StreamOutcome outcome)
    {
        try
        {
            options?.OnClosed?.Invoke(outcome);
        }
        catch (Exception failure)
        {
            Log.OnClosedFailed(logger, path, failure);
        }
    }

    private static InvalidOperationException HasStarted() => new(
        "A stream is a whole response, and this one has been started by something else. Open the stream before anything is written, and write all of it to the stream.");

    private static StreamFormat? Negotiate<T>(HttpContext context, DialectFactory<T> dialects)
    {
        if (dialects.Formats.Count > 1)
        {
            // Caches must not give one client what another one accepted.
            context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        }

        return FormatSelector.Select(context.Request.Headers.Accept, dialects.Formats);
    }

    private static DialectContext ContextOf(HttpContext context, StreamFormat format, EventStreamProfile profile) =>
        new(format, profile.Dialect, new StreamIdentity(context, static request => ((HttpContext)request).TraceIdentifier, Activity.Current?.TraceId.ToHexString()));

    public async Task RefuseAsync<T>(HttpContext context, StreamSource<T> source, EventStreamResultOptions? options, Func<Task> answer)
    {
        await CloseUnusedAsync(context, source, options);
        await AnswerAsync(context, answer);
    }

    /// <summary>Closes the source of a stream that is not needed.</summary>
    public Task CloseUnusedAsync<T>(HttpContext context, StreamSource<T> source, EventStreamResultOptions? options) =>
        CloseUnusedAsync(context, source, options, new StreamOutcome(StreamOutcomeReason.Refused, 0, 0, 0, HeadSent: false));

    public async Task FailAsync<T>(HttpContext context, StreamSource<T> source, EventStreamResultOptions? options, Exception failure)
    {
        await CloseUnusedAsync(context, source, options, new StreamOutcome(StreamOutcomeReason.SourceFailed, 0, 0, 0, HeadSent: false, failure));
        await AnswerAsync(context, failure);
    }

    /// <summary>Closes the source of a stream that does not run: whoever fills it learns that nobody will read it.</summary>
    private async Task CloseUnusedAsync<T>(HttpContext context, StreamSource<T> source, EventStreamResultOptions? options, StreamOutcome outcome)
    {
        await source.CloseAsync(outcome);
        Notify(context.Request.Path, options, outcome);
    }

    private Task NotAcceptableAsync<T>(HttpContext context, DialectFactory<T> dialects)
    {
        string offered = string.Join(", ", dialects.Formats.Select(static format => format.MediaType()));
        string detail = $"This endpoint answers as one of {offered}; the request accepts {context.Request.Headers.Accept}. Change the Accept header.";
        Log.StreamRefused(logger, context.Request.Path, StatusCodes.Status406NotAcceptable, detail);
        return Problem.WriteAsync(context, StatusCodes.Status406NotAcceptable, detail);
    }

    /// <summary>Answers a client for whose stream there is no place.</summary>
    public Task RefusedAsync(HttpContext context, StreamError refusal)
    {
        int status = StreamFailure.Status(refusal.Code);
        Log.StreamRefused(logger, context.Request.Path, status, refusal.Message);
        return Problem.WriteAsync(context, status, refusal);
    }
}
