using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>Marks an endpoint that streams events, for the middleware and for OpenAPI.</summary>
internal sealed class EventStreamMetadata
{
    private static readonly string[] MediaTypes = [.. Enum.GetValues<StreamFormat>().Select(static format => format.MediaType())];

    public static void AddTo(EndpointBuilder builder, Type eventType) => AddTo(builder, eventType, MediaTypes);

    public static void AddTo(EndpointBuilder builder, Type eventType, string[] mediaTypes)
    {
        builder.Metadata.Add(new EventStreamMetadata());
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, eventType, mediaTypes));
    }
}
