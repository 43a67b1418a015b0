using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;

namespace Gai.Pipelines.Hosting;

/// <summary>Marks an endpoint that streams events, for the middleware and for OpenAPI.</summary>
internal sealed class EventStreamMetadata
{
    private static readonly string[] MediaTypes = [.. Enum.GetValues<StreamFormat>().Select(static format => format.MediaType())];

    private static readonly OutputCacheAttribute NotCached = new() { NoStore = true };

    public static void AddTo(EndpointBuilder builder, Type eventType) => AddTo(builder, eventType, MediaTypes);

    public static void AddTo(EndpointBuilder builder, Type eventType, string[] mediaTypes)
    {
        builder.Metadata.Add(new EventStreamMetadata());

        // A store of whole answers would keep one client's stream for others, and let those wait until it is over.
        builder.Metadata.Add(NotCached);
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, eventType, mediaTypes));
    }
}
