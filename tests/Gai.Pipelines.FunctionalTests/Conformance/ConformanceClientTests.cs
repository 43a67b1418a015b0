namespace Gai.Pipelines.FunctionalTests.Conformance;

public sealed class OpenAI7ChatTests(ConformanceRun run) : ConformanceTests<OpenAI7ChatTests>(run), IConformanceTests
{
    public static string ClientName => "openai-7-chat";
}

public sealed class OpenAI6ChatTests(ConformanceRun run) : ConformanceTests<OpenAI6ChatTests>(run), IConformanceTests
{
    public static string ClientName => "openai-6-chat";
}

public sealed class OpenAI7CompletionsTests(ConformanceRun run) : ConformanceTests<OpenAI7CompletionsTests>(run), IConformanceTests
{
    public static string ClientName => "openai-7-completions";
}

public sealed class OpenAI6CompletionsTests(ConformanceRun run) : ConformanceTests<OpenAI6CompletionsTests>(run), IConformanceTests
{
    public static string ClientName => "openai-6-completions";
}

public sealed class OpenAI7ResponsesTests(ConformanceRun run) : ConformanceTests<OpenAI7ResponsesTests>(run), IConformanceTests
{
    public static string ClientName => "openai-7-responses";
}

public sealed class OpenAI6ResponsesTests(ConformanceRun run) : ConformanceTests<OpenAI6ResponsesTests>(run), IConformanceTests
{
    public static string ClientName => "openai-6-responses";
}

public sealed class Anthropic1Tests(ConformanceRun run) : ConformanceTests<Anthropic1Tests>(run), IConformanceTests
{
    public static string ClientName => "anthropic-1";
}

public sealed class Ollama0ChatTests(ConformanceRun run) : ConformanceTests<Ollama0ChatTests>(run), IConformanceTests
{
    public static string ClientName => "ollama-0-chat";
}

public sealed class Ollama0GenerateTests(ConformanceRun run) : ConformanceTests<Ollama0GenerateTests>(run), IConformanceTests
{
    public static string ClientName => "ollama-0-generate";
}

public sealed class AISdk7CompatibleChatTests(ConformanceRun run) : ConformanceTests<AISdk7CompatibleChatTests>(run), IConformanceTests
{
    public static string ClientName => "ai-7-compatible-chat";
}

public sealed class AISdk6CompatibleChatTests(ConformanceRun run) : ConformanceTests<AISdk6CompatibleChatTests>(run), IConformanceTests
{
    public static string ClientName => "ai-6-compatible-chat";
}

public sealed class AISdk7CompatibleCompletionsTests(ConformanceRun run) : ConformanceTests<AISdk7CompatibleCompletionsTests>(run), IConformanceTests
{
    public static string ClientName => "ai-7-compatible-completions";
}

public sealed class AISdk6CompatibleCompletionsTests(ConformanceRun run) : ConformanceTests<AISdk6CompatibleCompletionsTests>(run), IConformanceTests
{
    public static string ClientName => "ai-6-compatible-completions";
}

public sealed class AISdk7OpenAIChatTests(ConformanceRun run) : ConformanceTests<AISdk7OpenAIChatTests>(run), IConformanceTests
{
    public static string ClientName => "ai-7-openai-chat";
}

public sealed class AISdk6OpenAIChatTests(ConformanceRun run) : ConformanceTests<AISdk6OpenAIChatTests>(run), IConformanceTests
{
    public static string ClientName => "ai-6-openai-chat";
}

public sealed class AISdk7OpenAIResponsesTests(ConformanceRun run) : ConformanceTests<AISdk7OpenAIResponsesTests>(run), IConformanceTests
{
    public static string ClientName => "ai-7-openai-responses";
}

public sealed class AISdk6OpenAIResponsesTests(ConformanceRun run) : ConformanceTests<AISdk6OpenAIResponsesTests>(run), IConformanceTests
{
    public static string ClientName => "ai-6-openai-responses";
}

public sealed class AISdk7AnthropicTests(ConformanceRun run) : ConformanceTests<AISdk7AnthropicTests>(run), IConformanceTests
{
    public static string ClientName => "ai-7-anthropic";
}

public sealed class AISdk6AnthropicTests(ConformanceRun run) : ConformanceTests<AISdk6AnthropicTests>(run), IConformanceTests
{
    public static string ClientName => "ai-6-anthropic";
}

public sealed class AISdk7UITests(ConformanceRun run) : ConformanceTests<AISdk7UITests>(run), IConformanceTests
{
    public static string ClientName => "ai-7-ui";
}

public sealed class AISdk6UITests(ConformanceRun run) : ConformanceTests<AISdk6UITests>(run), IConformanceTests
{
    public static string ClientName => "ai-6-ui";
}

public sealed class AISdk7UIReaderTests(ConformanceRun run) : ConformanceTests<AISdk7UIReaderTests>(run), IConformanceTests
{
    public static string ClientName => "ai-7-ui-reader";
}

public sealed class AISdk6UIReaderTests(ConformanceRun run) : ConformanceTests<AISdk6UIReaderTests>(run), IConformanceTests
{
    public static string ClientName => "ai-6-ui-reader";
}

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

public sealed class DotNetOpenAIChatTests(ConformanceRun run) : ConformanceTests<DotNetOpenAIChatTests>(run), IConformanceTests
{
    public static string ClientName => "dotnet-openai-chat";
}

public sealed class DotNetOpenAIResponsesTests(ConformanceRun run) : ConformanceTests<DotNetOpenAIResponsesTests>(run), IConformanceTests
{
    public static string ClientName => "dotnet-openai-responses";
}

public sealed class DotNetAnthropic13Tests(ConformanceRun run) : ConformanceTests<DotNetAnthropic13Tests>(run), IConformanceTests
{
    public static string ClientName => "dotnet-anthropic-13";
}

public sealed class OpenAI7ChatGatewayTests(ConformanceRun run) : ConformanceTests<OpenAI7ChatGatewayTests>(run), IConformanceTests
{
    public static string ClientName => "openai-7-chat-gateway";
}

public sealed class DotNetOpenAIChatGatewayTests(ConformanceRun run) : ConformanceTests<DotNetOpenAIChatGatewayTests>(run), IConformanceTests
{
    public static string ClientName => "dotnet-openai-chat-gateway";
}

public sealed class OpenAI7ResponsesGatewayTests(ConformanceRun run) : ConformanceTests<OpenAI7ResponsesGatewayTests>(run), IConformanceTests
{
    public static string ClientName => "openai-7-responses-gateway";
}

public sealed class AISdk7OpenAIResponsesGatewayTests(ConformanceRun run) : ConformanceTests<AISdk7OpenAIResponsesGatewayTests>(run), IConformanceTests
{
    public static string ClientName => "ai-7-openai-responses-gateway";
}

public sealed class Anthropic1GatewayTests(ConformanceRun run) : ConformanceTests<Anthropic1GatewayTests>(run), IConformanceTests
{
    public static string ClientName => "anthropic-1-gateway";
}

public sealed class DotNetAnthropic13GatewayTests(ConformanceRun run) : ConformanceTests<DotNetAnthropic13GatewayTests>(run), IConformanceTests
{
    public static string ClientName => "dotnet-anthropic-13-gateway";
}

public sealed class Ollama0ChatGatewayTests(ConformanceRun run) : ConformanceTests<Ollama0ChatGatewayTests>(run), IConformanceTests
{
    public static string ClientName => "ollama-0-chat-gateway";
}

public sealed class AISdk7UIGatewayTests(ConformanceRun run) : ConformanceTests<AISdk7UIGatewayTests>(run), IConformanceTests
{
    public static string ClientName => "ai-7-ui-gateway";
}

public sealed class EventSource5GaiGatewayTests(ConformanceRun run) : ConformanceTests<EventSource5GaiGatewayTests>(run), IConformanceTests
{
    public static string ClientName => "eventsource-5-gai-gateway";
}
