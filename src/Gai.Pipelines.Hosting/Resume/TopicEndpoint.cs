using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.Hosting;

/// <summary>Answers requests for a topic.</summary>
internal static class TopicEndpoint
{
    public static Task HandleAsync<T>(HttpContext context, Func<HttpContext, string> nameOf) =>
        ResumableStreams.AnswerAsync(FindAnswerAsync<T>(context, context.RequestServices.GetRequiredService<ResumableStreams>(), nameOf(context)));

    private static async ValueTask<Func<Task>> FindAnswerAsync<T>(HttpContext context, ResumableStreams streams, string name)
    {
        if (!ResumePoint.TryRead(context.Request, out ResumePoint point, out StreamError problem))
        {
            return () => streams.RefuseAsync(context, StatusCodes.Status400BadRequest, problem);
        }

        if (point.IsTerminal)
        {
            return () => streams.NothingMoreAsync(context);
        }

        try
        {
            EventTopics.CheckName(name);
        }
        catch (ArgumentException failure)
        {
            return () => streams.RefuseAsync(context, StatusCodes.Status400BadRequest, new StreamError(StreamErrorCodes.InvalidRequest, failure.Message));
        }

        var topics = context.RequestServices.GetRequiredService<EventTopics>();
        EventTopicOptions options = topics.OptionsOf(name);
        StreamLog? log;
        DialectFactory<T> dialects;
        try
        {
            EventTopic<T> topic = await topics.OpenAsync<T>(name, context.RequestAborted);
            (log, bool isOfTopic) = await LogOfAsync(context, topic, point.Stream);
            if (!isOfTopic && point.Stream is { } other && await streams.IsTopicAsync(other))
            {
                return () => streams.RefuseAsync(context, StatusCodes.Status400BadRequest, ResumePoint.OfAnotherEndpoint);
            }

            if (log is null && FormatSelector.Select(context.Request.Headers.Accept, topic.Formats) is { } format)
            {
                // The one of that name has ended and expired. There is another.
                topic = await topics.OpenAsync<T>(name, context.RequestAborted);
                log = await topic.OpenLogAsync(format, context.RequestAborted);
            }

            if (log is null)
            {
                return () => NotAcceptableAsync(context, streams, topic.Formats);
            }

            dialects = topic.Dialects;
        }
        catch (InvalidOperationException) when (streams.IsStopping)
        {
            return () => streams.RefuseDrainingAsync(context);
        }

        if (Reading.Of(log) is { Dialects: null } reading)
        {
            // The log has only a name for it, and one that the application has made it cannot name.
            reading.Know(dialects);
        }

        if (Attach(context, streams, log, point, options) is { } answer)
        {
            return answer;
        }

        // It may be found until whoever has given it up has forgotten it.
        await Task.Yield();
        return await FindAnswerAsync<T>(context, streams, name);
    }

    /// <summary>Lets a request read the log of a topic.</summary>
    /// <returns><see langword="null"/> if it is a copy that was given up, since nobody read it, and has to be found again.</returns>
    private static Func<Task>? Attach(HttpContext context, ResumableStreams streams, StreamLog log, ResumePoint point, EventTopicOptions options)
    {
        if (FormatSelector.Select(context.Request.Headers.Accept, [log.Description.Format]) is null)
        {
            return () => NotAcceptableAsync(context, streams, [log.Description.Format]);
        }

        if (point.HasAllOf(log))
        {
            return () => streams.NothingMoreAsync(context);
        }

        if (point.Stream is null && options.StartAt == TopicStartAt.Now)
        {
            if (log.End is { Outcome: LogOutcome.Completed })
            {
                return () => streams.NothingMoreAsync(context);
            }

            return log.TryOpenCursorAtEnd() is { } now ? () => streams.ReadAsync(context, now) : null;
        }

        if (point.Open(log, options.Missed, out LogCursor? cursor) is { } missed)
        {
            return () => streams.RefuseAsync(context, StatusCodes.Status412PreconditionFailed, missed);
        }

        return cursor is null ? null : () => streams.ReadAsync(context, cursor);
    }

    /// <summary>Finds the log that a request wants: that of its id, else that of the format that it accepts.</summary>
    private static async ValueTask<(StreamLog? Log, bool IsOfTopic)> LogOfAsync<T>(HttpContext context, EventTopic<T> topic, LogId? wanted)
    {
        if (wanted is { } id)
        {
            foreach (StreamFormat format in topic.Formats)
            {
                if (await topic.OpenLogAsync(format, context.RequestAborted) is { } log && log.Description.Id == id)
                {
                    return (log, true);
                }
            }
        }

        return FormatSelector.Select(context.Request.Headers.Accept, topic.Formats) is { } best
            ? (await topic.OpenLogAsync(best, context.RequestAborted), false)
            : (null, false);
    }

    private static Task NotAcceptableAsync(HttpContext context, ResumableStreams streams, IReadOnlyList<StreamFormat> formats)
    {
        string offered = string.Join(", ", formats.Select(static format => format.MediaType()));
        return streams.RefuseAsync(context, StatusCodes.Status406NotAcceptable, new StreamError(
            string.Empty, $"This topic is read as {offered}; the request accepts {context.Request.Headers.Accept}. Change the Accept header."));
    }
}
