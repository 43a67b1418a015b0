using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Scenarios;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>The servers that can be compared.</summary>
internal static class Contenders
{
    /// <summary>All of them, and what each is.</summary>
    public static IReadOnlyList<(string Name, string Does)> All { get; } =
    [
        (GaiContender.Name, "this library, its own events: TypedResults.Extensions.EventStream"),
        (GaiTypedContender.Name, "this library, a type of the application, as it comes from TypedResults.ServerSentEvents by changing one word"),
        (GaiLogContender.Name, "this library, one log that all streams read by cursors: MapEventTopic (fanout, paced, fast, idle; sse only)"),
        (FrameworkContender.Name, "ASP.NET Core: TypedResults.ServerSentEvents (sse only)"),
        (HandContender.Name, "a loop by hand: WriteAsync and FlushAsync for each event"),
        (GoodContender.Name, "a good loop by hand: flushes when nothing is ready, a reused Utf8JsonWriter over the BodyWriter"),
        (JsonContender.Name, "a loop by hand with JsonSerializer.SerializeAsync for each record (ndjson only)"),
        (CopyContender.Name, "encodes nothing: frames made beforehand, copied into the PipeWriter"),
        (RawServer.Name, "the floor of any server: sockets, one send for each event, no HTTP server (HTTP/1.1 only)"),
        (BareContender.Name, "a handler that only waits (idle only)"),
    ];

    /// <summary>Says why a server cannot do what is asked.</summary>
    /// <returns><see langword="null"/> if it can.</returns>
    public static string? WhyNot(ContenderSpec spec, string scenario, LoadSettings settings) => (spec.Name, scenario) switch
    {
        (FrameworkContender.Name, _) when settings.Format != WireFormat.Sse.Name => "it writes Server-Sent Events only",
        (GaiLogContender.Name, _) when settings.Format != WireFormat.Sse.Name => "its topics are read as Server-Sent Events here",
        (GaiLogContender.Name, not ("fanout" or "paced" or "fast" or "idle")) => "all of its streams are the same one",
        (JsonContender.Name, _) when settings.Format != WireFormat.Ndjson.Name => "it writes NDJSON only",
        (RawServer.Name, _) when settings.Protocol != Protocol.Http1 => "it speaks HTTP/1.1 only",
        (RawServer.Name, "idle" or "fanout" or "duplex" or "slow") => "it has neither channels nor a request that is read",
        (BareContender.Name, not "idle") => "it only waits",
        (not (GaiContender.Name or JsonContender.Name or GoodContender.Name), "duplex") => "it does not answer records",
        _ => null,
    };

    /// <summary>Makes one.</summary>
    public static IContender Create(ContenderSpec spec, WireFormat format) => spec.Name switch
    {
        GaiContender.Name => new GaiContender(spec, format),
        GaiTypedContender.Name when format == WireFormat.Sse => new GaiTypedContender<Delta>(spec, format, static text => new Delta(text), Row.TextDelta),
        GaiTypedContender.Name => new GaiTypedContender<Row>(spec, format, static text => new Row(Row.TextDelta, text), null),
        GaiLogContender.Name when format == WireFormat.Sse => new GaiLogContender(spec),
        FrameworkContender.Name when format == WireFormat.Sse => new FrameworkContender(spec, format),
        HandContender.Name => new HandContender(spec, format),
        GoodContender.Name => new GoodContender(spec, format),
        JsonContender.Name when format == WireFormat.Ndjson => new JsonContender(spec, format),
        CopyContender.Name => new CopyContender(spec, format),
        BareContender.Name => new BareContender(spec, format),
        _ => throw new FormatException($"The server '{spec.Name}' does not write {format.Name}."),
    };
}
