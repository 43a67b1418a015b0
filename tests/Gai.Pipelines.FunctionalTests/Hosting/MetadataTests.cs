using System.Net.ServerSentEvents;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>What OpenAPI learns of an endpoint that streams.</summary>
public sealed class MetadataTests
{
    [Theory]
    [InlineData("/ticks", typeof(Tick))]
    [InlineData("/async", typeof(Tick))]
    [InlineData("/chat", typeof(StreamEvent))]
    [InlineData("/items", typeof(SseItem<Tick>))]
    [InlineData("/mapped", typeof(Tick))]
    public async Task Endpoint_ThatStreams_DeclaresItsMediaTypesAndItsType(string path, Type type)
    {
        await using TestServer server = await TestServer.StartAsync(app =>
        {
            app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(Sources.Ticks(1)));
            app.MapGet("/async", async () =>
            {
                await Task.Yield();
                return TypedResults.Extensions.EventStream(Sources.Ticks(1));
            });
            app.MapGet("/chat", () => TypedResults.Extensions.EventStream(Sources.Texts("Hi")));
            app.MapGet("/items", () => TypedResults.Extensions.EventStream(new[] { new SseItem<Tick>(new Tick(1)) }.ToAsyncEnumerable()));
            app.MapEventStream("/mapped", _ => Sources.Ticks(1));
        });
        RouteEndpoint endpoint = server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .OfType<RouteEndpoint>().Single(candidate => candidate.RoutePattern.RawText == path);

        IProducesResponseTypeMetadata produces = endpoint.Metadata.GetRequiredMetadata<IProducesResponseTypeMetadata>();

        Assert.Equal((200, type), (produces.StatusCode, produces.Type));
        Assert.Equal(["text/event-stream", "application/x-ndjson", "application/jsonl", "application/json"], produces.ContentTypes);
        Assert.Equal(["GET"], endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods);
    }

    /// <summary>Its DELETE is no second operation with the first one's id. That of others stays.</summary>
    [Fact]
    public async Task Endpoint_ThatIsResumable_IsDescribedOnce()
    {
        await using TestServer server = await TestServer.StartAsync(
            app =>
            {
                app.MapPost("/answers", () => TypedResults.Extensions.EventStream(Sources.Ticks(1))).WithName("Ask").Resumable();
                app.MapDelete("/answers/all", () => { });
            },
            services => services.AddEndpointsApiExplorer());

        IEnumerable<ApiDescription> described = server.App.Services.GetRequiredService<IApiDescriptionGroupCollectionProvider>().ApiDescriptionGroups.Items.SelectMany(group => group.Items);

        Assert.Equal([("DELETE", "answers/all"), ("POST", "answers")], described.Select(one => (one.HttpMethod, one.RelativePath)).Order());
    }
}
