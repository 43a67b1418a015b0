namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>The clients that the sample is tried with. Their versions are those of tests/clients/package.json and of Directory.Packages.props.</summary>
internal static class ConformanceClients
{
    private static readonly FinishWords Neutral = new("stop", "length", "stop");

    private static readonly Dictionary<string, string> NoWayBackForTools = new()
    {
        ["tool-result"] = "the server runs its tools itself and tells of both call and result",
    };

    private static readonly Dictionary<string, string> SseOnly = new(NoWayBackForTools)
    {
        ["whole"] = "it reads streams only",
    };

    private static readonly Dictionary<string, string> Records = new(NoWayBackForTools)
    {
        ["keep-alive"] = "records have no keep-alive",
    };

    public static IReadOnlyList<ConformanceClient> All { get; } =
    [
        .. Native("eventsource-5", "eventsource 5.1.5", SseOnly, ErrorWords.Always("Refused", "StreamFailed", hasRetryAfter: false)),
        .. Native("eventsource-4", "eventsource 4.1.1", SseOnly, ErrorWords.Always("Refused", "StreamFailed", hasRetryAfter: false)),
        .. Native("fetch-event-source-2", "@microsoft/fetch-event-source 2.0.1", SseOnly, ErrorWords.Always("Refused", "StreamFailed")),
        .. Native("eventsource-parser-4", "eventsource-parser 4.1.3", SseOnly, ErrorWords.Always("Refused", "StreamFailed")),
        .. Native("eventsource-parser-3", "eventsource-parser 3.1.1", SseOnly, ErrorWords.Always("Refused", "StreamFailed")),
        .. Native("fetch-ndjson", "fetch and JSON.parse", Records, ErrorWords.Always("Refused", "StreamFailed")),
    ];

    private static IEnumerable<ConformanceClient> Native(string name, string title, Dictionary<string, string> cannotDo, ErrorWords errors) =>
        from dialect in ((string Suffix, string Endpoint)[])[("gai", "/chat"), ("events", "/v1/events")]
        select new ConformanceClient($"{name}-{dialect.Suffix}", title, dialect.Endpoint, Neutral, errors)
        {
            CannotDo = cannotDo,
            Tools = ToolsRunOn.Server,
            LimitsTokens = false,
        };
}
