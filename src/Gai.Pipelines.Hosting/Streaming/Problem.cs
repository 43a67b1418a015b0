using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.Hosting;

/// <summary>Answers with a problem document (RFC 9457) instead of a stream, or with the endpoint's own kind of document.</summary>
internal static partial class Problem
{
    // The document is never part of a page, so quotation marks may stay readable.
    private static readonly ProblemJson Json = new(new JsonSerializerOptions(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Answers what an exception says to a client whose response has not begun.</summary>
    public static Task WriteAsync(HttpContext context, Exception failure, int status, in StreamError error) =>
        failure is BadHttpRequestException bad ? WriteAsync(context, status, DescribeBadRequest(bad)) : WriteAsync(context, status, error);

    /// <summary>Answers a failure for which a status says enough to programs.</summary>
    public static Task WriteAsync(HttpContext context, int status, string detail) =>
        WriteAsync(context, status, new StreamError(string.Empty, detail));

    public static Task WriteAsync(HttpContext context, int status, in StreamError error)
    {
        if (error.RetryAfter is { } wait)
        {
            context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        return context.GetEndpoint()?.Metadata.GetMetadata<IFailureDocument>() is { } document
            ? WriteAsync(context, status, error.Code.Length > 0 ? error : error with { Code = StreamFailure.Code(status) }, document)
            : WriteProblemAsync(context, status, error);
    }

    private static Task WriteAsync(HttpContext context, int status, in StreamError error, IFailureDocument document)
    {
        status = document.StatusOf(error, status);
        var body = new ArrayBufferWriter<byte>(256);
        document.Write(body, error, status);
        context.Response.StatusCode = status;
        context.Response.ContentType = document.ContentType;
        context.Response.ContentLength = body.WrittenCount;
        return context.Response.Body.WriteAsync(body.WrittenMemory, CancellationToken.None).AsTask();
    }

    private static async Task WriteProblemAsync(HttpContext context, int status, StreamError error)
    {
        context.Response.StatusCode = status;
        var problem = new ProblemDetails
        {
            Status = status,
            Title = ReasonPhrases.GetReasonPhrase(status),
            Detail = error.Message,
        };
        AddIfAny(problem, "code", error.Code);
        AddIfAny(problem, "parameter", error.Parameter);

        // The application's own service goes first: it may add to the document. It declines clients that do not accept
        // JSON, as those of a stream never do, and they are told all the same.
        if (context.RequestServices.GetService<IProblemDetailsService>() is { } service &&
            await service.TryWriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem }))
        {
            return;
        }

        await context.Response.WriteAsJsonAsync(problem, Json.ProblemDetails, "application/problem+json");
    }

    private static void AddIfAny(ProblemDetails problem, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            problem.Extensions[name] = value;
        }
    }

    private static string DescribeBadRequest(BadHttpRequestException failure)
    {
        // Which record is wrong a reader of records has said already, and a line is one of its own there.
        for (Exception? inner = failure.InnerException; inner is not (null or StreamReadException); inner = inner.InnerException)
        {
            if (inner is JsonException json)
            {
                // The serializer counts from zero, people and editors from one.
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"The request body is not the JSON that is expected here: line {json.LineNumber + 1}, byte {json.BytePositionInLine + 1}, at {json.Path ?? "$"}. {FirstSentence(json.Message)}");
            }
        }

        return failure.Message;
    }

    private static string FirstSentence(string message)
    {
        int end = message.IndexOf(" Path: ", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    [JsonSerializable(typeof(ProblemDetails))]
    private sealed partial class ProblemJson : JsonSerializerContext;
}
