using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>The servers that can be compared.</summary>
internal static class Contenders
{
    /// <summary>All of them, and what each is.</summary>
    public static IReadOnlyList<(string Name, string Does)> All { get; } =
    [
        (GaiContender.Name, "this library, its own events: TypedResults.Extensions.EventStream"),
        (GaiTypedContender.Name, "this library, a type of the application, as it comes from TypedResults.ServerSentEvents by changing one word"),
        (FrameworkContender.Name, "ASP.NET Core: TypedResults.ServerSentEvents (sse only)"),
        (HandContender.Name, "a loop by hand: WriteAsync and FlushAsync for each event"),
        (GoodContender.Name, "a good loop by hand: flushes when nothing is ready, a reused Utf8JsonWriter over the BodyWriter"),
        (JsonContender.Name, "a loop by hand with JsonSerializer.SerializeAsync for each record (ndjson only)"),
        (CopyContender.Name, "the floor of any server on Kestrel: frames made beforehand, copied into the PipeWriter"),
        (RawServer.Name, "the floor of any server: sockets, one send for each event, no HTTP server (HTTP/1.1 only)"),
        (BareContender.Name, "a handler that only waits (idle only)"),
    ];

    /// <summary>Makes one.</summary>
    public static IContender Create(ContenderSpec spec, WireFormat format) => spec.Name switch
    {
        GaiContender.Name => new GaiContender(spec, format),
        GaiTypedContender.Name when format == WireFormat.Sse => new GaiTypedContender<Delta>(spec, format, static text => new Delta(text), Row.TextDelta),
        GaiTypedContender.Name => new GaiTypedContender<Row>(spec, format, static text => new Row(Row.TextDelta, text), null),
        FrameworkContender.Name when format == WireFormat.Sse => new FrameworkContender(spec, format),
        HandContender.Name => new HandContender(spec, format),
        GoodContender.Name => new GoodContender(spec, format),
        JsonContender.Name when format == WireFormat.Ndjson => new JsonContender(spec, format),
        CopyContender.Name => new CopyContender(spec, format),
        BareContender.Name => new BareContender(spec, format),
        _ => throw new FormatException($"The server '{spec.Name}' does not write {format.Name}."),
    };
}
