using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;

namespace Gai.Pipelines.Hosting;

/// <summary>One stream as the response to a request, from its head to what is concluded from its outcome.</summary>
/// <remarks>An idle stream holds this and its pump. What its end needs is made at its end.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "RunAsync or Forget, of which one is called once, disposes of them.")]
internal sealed class StreamRun<T> : StreamRegistry.Entry
{
    private readonly EventStreamExecutor _executor;
    private readonly EventStreamProfile _profile;
    private readonly EventStreamResultOptions? _options;
    private readonly Admission _place;
    private readonly EventPump<T> _pump;
    private readonly PipeWriter? _between; // the pump and the response: what collects a document, or compresses
    private readonly LogCursor? _reading;
    private ResponseHead _head;

    public StreamRun(
        EventStreamExecutor executor,
        HttpContext context,
        StreamSource<T> source,
        Dialect<T> dialect,
        StreamFormat format,
        EventStreamProfile profile,
        EventStreamResultOptions? options,
        Admission place,
        LogCursor? reading)
    {
        _executor = executor;
        Context = context;
        _profile = profile;
        _options = options;
        _place = place;
        _reading = reading;
        if (format == StreamFormat.JsonDocument)
        {
            _between = new DocumentWriter(profile.MaxDocumentBytes);
            _pump = new EventPump<T>(source, dialect, _between, profile.Document);
        }
        else
        {
            _between = executor.Compression.Begin(context, profile);
            _pump = new EventPump<T>(source, dialect, _between ?? context.Response.BodyWriter, reading is null ? profile.Pump : profile.Reader);
        }
    }

    public override IOpenStream Stream => _pump;

    public override HttpContext Context { get; }

    private TimeProvider Time => _profile.Pump.Scheduler.TimeProvider;

    private DocumentWriter? Document => _between as DocumentWriter;

    private CompressedBody? Compressed => _between as CompressedBody;

    /// <summary>Pumps the stream to its end and concludes it. Called once, when the registry knows of it.</summary>
    /// <exception cref="Exception">What the source threw, if the client could not be told by a record.</exception>
    public async Task RunAsync(StreamFormat format)
    {
        long start = Time.GetTimestamp();
        try
        {
            using Activity? activity = Begin(format, out AuthorizationWatch? watch);
            while (!_pump.RunUntilWait())
            {
                await _pump.WaitAsync();
            }

            await EndAsync(start, activity, watch);
        }
        finally
        {
            _executor.Remove(this);
            Release();
        }
    }

    /// <summary>Takes back what a stream that is not to run has of its response and its server.</summary>
    public void Forget()
    {
        if (Compressed is not null)
        {
            Context.Response.Headers.ContentEncoding = default;
        }

        Release();
    }

    private void Release()
    {
        _place.Dispose();
        (_between as IDisposable)?.Dispose();
    }

    /// <summary>Begins the stream. What throws here is a listener's or the response's, and the stream fails by it as by its source: it ends as any does.</summary>
    private Activity? Begin(StreamFormat format, out AuthorizationWatch? watch)
    {
        Activity? activity = null;
        watch = null;
        try
        {
            // Where the endpoint's metadata does not say that it streams, the output cache is about to keep a response that may break off.
            Context.Features.Get<IOutputCacheFeature>()?.Context.AllowCacheStorage = false;
            if (format != StreamFormat.JsonDocument)
            {
                _head.Set(Context.Response, format);
            }

            activity = StreamTelemetry.Begin(Context, format, _reading?.Log);
            watch = AuthorizationWatch.Start(_pump, Context, _profile.Authorization, _profile.Pump.Scheduler, _executor.Logger);
            _pump.Start(Context.RequestAborted);
        }
        catch (Exception failure)
        {
            _pump.Fail(failure);
        }

        return activity;
    }

    private async ValueTask EndAsync(long start, Activity? activity, AuthorizationWatch? watch)
    {
        StreamOutcome outcome = await _pump.EndAsync();
        outcome = outcome with { HeadSent = outcome.HeadSent && Document is null }; // a document was flushed to, but not yet the response
        if (watch is not null)
        {
            await watch.DisposeAsync();
        }

        Tell(activity, Time.GetElapsedTime(start), outcome);
        if (outcome.IsLate)
        {
            Log.SourceDisposalFailed(_executor.Logger, Context.Request.Path, outcome.Exception!);
        }

        _executor.Notify(Context.Request.Path, _options, outcome);
        if (Document is { } document)
        {
            await ConcludeDocumentAsync(document, outcome);
        }
        else if (outcome.HeadSent)
        {
            StreamTelemetry.LeaveRequestDuration(Context);
            if (_pump.HasGivenUp)
            {
                // What the transport still holds is for a client that does not read: to wait for it would be to wait for ever.
                Context.Abort();
            }
            else if (Compressed is { } compressed)
            {
                await compressed.ConcludeAsync(outcome.Reason, CloseOf(_pump.Dialect.FailureClose));
            }

            Conclude(outcome);
        }
        else
        {
            _head.Unset(Context.Response);
            await ConcludeUnsentAsync(outcome);
        }

        EventStreamFeature.Of(Context).IsConcluded = true;
    }

    /// <summary>Has the figures of the whole stream told. Whoever listens to them is the application's, and what it throws must not leave the response as it is.</summary>
    private void Tell(Activity? activity, TimeSpan duration, in StreamOutcome outcome)
    {
        try
        {
            _executor.Telemetry.OnEnd(Context, activity, duration, outcome);
        }
        catch (Exception failure)
        {
            Log.SourceDisposalFailed(_executor.Logger, Context.Request.Path, failure);
        }
    }

    /// <summary>Concludes a stream of which the client has seen at least the head.</summary>
    private void Conclude(in StreamOutcome outcome)
    {
        FailureClose close = CloseOf(_pump.Dialect.FailureClose);
        PathString path = Context.Request.Path;
        switch (outcome.Reason)
        {
            case StreamOutcomeReason.ClientGone when RequestTimeout.HasPassed(Context):
                // The client is still there, and a clean end would tell it that this was all.
                Log.RequestTimedOut(_executor.Logger, path, outcome.Events);
                Context.Abort();
                break;
            case StreamOutcomeReason.ClientGone when outcome is { Exception: { } failure, IsLate: false } && !Context.RequestAborted.IsCancellationRequested:
                // Not the client but what stands between, such as a body that a middleware has put there: a clean end would be one of a whole answer.
                // Nor another answer, where a callback has kept the head from being sent: the first frame is with the server, and would stand before it.
                Log.OutputFailed(_executor.Logger, path, outcome.Events, failure);
                Context.Abort();
                break;
            case StreamOutcomeReason.ClientGone:
                Log.ClientGone(_executor.Logger, path, outcome.Events);
                break;
            case StreamOutcomeReason.TooSlow:
                Log.ClientTooSlow(_executor.Logger, path, outcome.Events);
                break;
            case StreamOutcomeReason.Drained or StreamOutcomeReason.Expired or StreamOutcomeReason.Unauthorized:
                Log.StreamEnded(_executor.Logger, path, outcome.Events, outcome.Reason);
                if (close == FailureClose.Broken)
                {
                    Context.Abort();
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
                if (!EventStreamFeature.Of(Context).TryLeaveToMiddleware(outcome.Events))
                {
                    Log.StreamAbandoned(_executor.Logger, path, outcome.Events, abandoned.Message);
                }

                break;
            case StreamOutcomeReason.SourceFailed when _reading is not null:
                // Why it failed its producer has told, once.
                Log.StreamEnded(_executor.Logger, path, outcome.Events, outcome.Reason);
                break;
            case StreamOutcomeReason.SourceFailed:
                Log.StreamFailed(_executor.Logger, path, outcome.Events, outcome.Exception!);
                break;
        }
    }

    private FailureClose CloseOf(FailureClose close) =>
        close == FailureClose.BrokenOverHttp1 && IsMultiplexed ? FailureClose.Clean : close;

    /// <summary>Concludes a stream of which the client has seen nothing: the response can still be another one.</summary>
    private Task ConcludeUnsentAsync(StreamOutcome outcome)
    {
        switch (outcome.Reason)
        {
            case StreamOutcomeReason.Drained:
                return EventStreamExecutor.DrainingAsync(Context);
            case StreamOutcomeReason.Expired:
                return Problem.WriteAsync(Context, StatusCodes.Status503ServiceUnavailable, StreamError.Expired with { RetryAfter = Retry.Jittered() });
            case StreamOutcomeReason.Unauthorized:
                return Problem.WriteAsync(Context, StatusCodes.Status401Unauthorized, StreamError.Unauthorized);
            case StreamOutcomeReason.SourceFailed:
                return EventStreamExecutor.AnswerAsync(Context, outcome.Exception!);
            case StreamOutcomeReason.ClientGone when RequestTimeout.HasPassed(Context):
                // The framework's middleware answers, as its policy says, if the cancellation reaches it.
                throw new OperationCanceledException("The request timed out before its stream began.", Context.RequestAborted);
            default:
                Log.ClientGone(_executor.Logger, Context.Request.Path, outcome.Events);
                return Task.CompletedTask;
        }
    }

    private async Task ConcludeDocumentAsync(DocumentWriter document, StreamOutcome outcome)
    {
        if (outcome.Exception is DocumentTooLargeException tooLarge)
        {
            Log.StreamRefused(_executor.Logger, Context.Request.Path, StatusCodes.Status406NotAcceptable, tooLarge.Message);
            await Problem.WriteAsync(Context, StatusCodes.Status406NotAcceptable, tooLarge.Message);
        }
        else if (outcome.Reason != StreamOutcomeReason.Completed)
        {
            await ConcludeUnsentAsync(outcome);
        }
        else if (!await document.SendAsync(Context, _pump.Dialect.DocumentShape, _profile.Pump))
        {
            Log.ClientTooSlow(_executor.Logger, Context.Request.Path, outcome.Events);
        }
    }
}

/// <summary>Breaks the end of a response whose stream was ended from outside, after its last frame.</summary>
internal sealed class StreamEndedException(StreamOutcomeReason reason) : Exception(
    $"The stream was ended ({reason}). Its client has the error record; the response ends broken for those that overlook it.");
