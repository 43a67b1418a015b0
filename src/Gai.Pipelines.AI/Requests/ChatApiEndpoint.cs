using System.Globalization;
using System.Text.Json;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.AI;

/// <summary>Maps a vendor's endpoint. All of them lead here, and from here to the one executor.</summary>
internal static class ChatApiEndpoint
{
    public static IEndpointConventionBuilder Map<TCall>(
        IEndpointRouteBuilder endpoints, string pattern, ChatApi<TCall> api, Func<HttpContext, ChatCall, IAsyncEnumerable<StreamEvent>>? answer)
        where TCall : ChatCall
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        Func<HttpContext, ChatCall, IAsyncEnumerable<StreamEvent>> ask = answer ?? AskRegisteredModelAsync;
        RequestDelegate handle = context => AnswerAsync(context, api, ask);
        IEndpointConventionBuilder endpoint = endpoints.MapPost(pattern, context => InsideMiddlewareAsync(context, handle));
        endpoint.Add(builder =>
        {
            EventStreamMetadata.AddTo(builder, typeof(StreamEvent), [api.StreamFormat.MediaType(), "application/json"]);

            // First of all: a group's own options are in the list already, and the last one wins.
            builder.Metadata.Insert(0, new EndpointOptionsMetadata(static options => options.CommitWindow = options.VendorCommitWindow));
            builder.Metadata.Add(api);
        });
        return endpoint;
    }

    private static IAsyncEnumerable<StreamEvent> AskRegisteredModelAsync(HttpContext context, ChatCall call) =>
        context.RequestServices.GetRequiredService<IChatClient>().StreamEventsAsync(call.Messages, call.Options);

    /// <summary>A vendor's clients count on its error documents, so the middleware works here also where the application does not use it.</summary>
    private static Task InsideMiddlewareAsync(HttpContext context, RequestDelegate handle) =>
        EventStreamFeature.Find(context) is null
            ? context.RequestServices.GetRequiredService<EventStreamMiddleware>().InvokeAsync(context, handle)
            : handle(context);

    private static async Task AnswerAsync<TCall>(
        HttpContext context, ChatApi<TCall> api, Func<HttpContext, ChatCall, IAsyncEnumerable<StreamEvent>> answer)
        where TCall : ChatCall
    {
        api.SetHeaders(context);
        TCall call = await ReadAsync(context, api);
        StreamFormat format = call.IsStreaming ? api.StreamFormat : StreamFormat.JsonDocument;
        var dialect = new DialectFactory<StreamEvent>(begin => api.Begin(call, begin), format);
        IAsyncEnumerable<StreamEvent> events = call.AsksModel ? answer(context, call) : AsyncEnumerable.Empty<StreamEvent>();
        await TypedResults.Extensions
            .EventStream(StreamSource.From(events), dialect, new EventStreamResultOptions { Format = format })
            .ExecuteAsync(context);
    }

    private static async Task<TCall> ReadAsync<TCall>(HttpContext context, ChatApi<TCall> api)
        where TCall : ChatCall
    {
        try
        {
            using JsonDocument body = await RequestJson.ReadAsync(context.Request.Body, context.RequestAborted);
            return api.Read(new RequestValue(body.RootElement, string.Empty));
        }
        catch (JsonException failure)
        {
            string message = string.Create(
                CultureInfo.InvariantCulture,
                $"The request body is not JSON: line {failure.LineNumber + 1}, byte {failure.BytePositionInLine + 1}. {FirstSentence(failure.Message)}");
            throw new StreamErrorException(new StreamError(StreamErrorCodes.InvalidRequest, message), failure);
        }
    }

    private static string FirstSentence(string message)
    {
        int end = message.IndexOf(" LineNumber: ", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }
}
