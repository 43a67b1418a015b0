namespace Gai.Pipelines.FunctionalTests.Conformance;

public sealed class EventSource5GaiTests(ConformanceRun run) : ConformanceTests<EventSource5GaiTests>(run), IConformanceTests
{
    public static string ClientName => "eventsource-5-gai";
}

public sealed class EventSource4GaiTests(ConformanceRun run) : ConformanceTests<EventSource4GaiTests>(run), IConformanceTests
{
    public static string ClientName => "eventsource-4-gai";
}

public sealed class EventSource5EventsTests(ConformanceRun run) : ConformanceTests<EventSource5EventsTests>(run), IConformanceTests
{
    public static string ClientName => "eventsource-5-events";
}

public sealed class EventSource4EventsTests(ConformanceRun run) : ConformanceTests<EventSource4EventsTests>(run), IConformanceTests
{
    public static string ClientName => "eventsource-4-events";
}

public sealed class FetchEventSource2GaiTests(ConformanceRun run) : ConformanceTests<FetchEventSource2GaiTests>(run), IConformanceTests
{
    public static string ClientName => "fetch-event-source-2-gai";
}

public sealed class FetchEventSource2EventsTests(ConformanceRun run) : ConformanceTests<FetchEventSource2EventsTests>(run), IConformanceTests
{
    public static string ClientName => "fetch-event-source-2-events";
}

public sealed class EventSourceParser4GaiTests(ConformanceRun run) : ConformanceTests<EventSourceParser4GaiTests>(run), IConformanceTests
{
    public static string ClientName => "eventsource-parser-4-gai";
}

public sealed class EventSourceParser3GaiTests(ConformanceRun run) : ConformanceTests<EventSourceParser3GaiTests>(run), IConformanceTests
{
    public static string ClientName => "eventsource-parser-3-gai";
}

public sealed class EventSourceParser4EventsTests(ConformanceRun run) : ConformanceTests<EventSourceParser4EventsTests>(run), IConformanceTests
{
    public static string ClientName => "eventsource-parser-4-events";
}

public sealed class EventSourceParser3EventsTests(ConformanceRun run) : ConformanceTests<EventSourceParser3EventsTests>(run), IConformanceTests
{
    public static string ClientName => "eventsource-parser-3-events";
}

public sealed class FetchNdjsonGaiTests(ConformanceRun run) : ConformanceTests<FetchNdjsonGaiTests>(run), IConformanceTests
{
    public static string ClientName => "fetch-ndjson-gai";
}

public sealed class FetchNdjsonEventsTests(ConformanceRun run) : ConformanceTests<FetchNdjsonEventsTests>(run), IConformanceTests
{
    public static string ClientName => "fetch-ndjson-events";
}
