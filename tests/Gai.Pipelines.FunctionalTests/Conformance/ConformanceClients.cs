namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>The clients that the sample is tried with. Their versions are those of tests/clients/package.json and of Directory.Packages.props.</summary>
internal static class ConformanceClients
{
    private const string NoTools = "there are no tools in completing a text";
    private const string ProviderRunsTools = "the client declares no tools, and the protocol behind the gateway does not tell of tools that the provider runs itself";
    private const string Comment = ": keep-alive";
    private const string Ping = "event: ping";

    private static readonly FinishWords Neutral = new("stop", "length", "stop");

    private static readonly FinishWords OpenAIWords = new("stop", "length", "tool_calls");

    private static readonly FinishWords AnthropicWords = new("end_turn", "max_tokens", "tool_use");

    private static readonly FinishWords ResponsesWords = new("completed", "max_output_tokens", "completed");

    private static readonly FinishWords AISdkWords = new("stop", "length", "tool-calls");

    // The official clients of OpenAI and Anthropic are made by the same generator.
    private static readonly ErrorWords OfficialErrors = new("BadRequestError", "AuthenticationError", "RateLimitError", "InternalServerError", "APIError");

    private static readonly Dictionary<string, string> EverythingIsDone = [];

    private static readonly Dictionary<string, string> TextOnly = new()
    {
        ["tool-call"] = NoTools,
        ["parallel-calls"] = NoTools,
        ["tool-result"] = NoTools,
        ["reasoning"] = "there is no reasoning in completions",
    };

    private static readonly Dictionary<string, string> NoWayBackForTools = new()
    {
        ["tool-result"] = "the server runs its tools itself and tells of both call and result",
    };

    private static readonly Dictionary<string, string> StreamsOnly = new()
    {
        ["whole"] = "it reads streams only",
    };

    private static readonly Dictionary<string, string> SseOnly = new(StreamsOnly.Concat(NoWayBackForTools));

    private static readonly Dictionary<string, string> Records = new(NoWayBackForTools)
    {
        ["keep-alive"] = "records have no keep-alive",
    };

    private static readonly Dictionary<string, string> Generates = new()
    {
        ["tool-call"] = NoTools,
        ["parallel-calls"] = NoTools,
        ["tool-result"] = NoTools,
    };

    private static readonly Dictionary<string, string> NoReasoning = new()
    {
        ["reasoning"] = "it knows no reasoning in chat completions",
    };

    private static readonly Dictionary<string, string> ToolsOfTheProvider = new()
    {
        ["tool-call"] = ProviderRunsTools,
        ["parallel-calls"] = ProviderRunsTools,
        ["tool-result"] = ProviderRunsTools,
    };

    private static readonly ConformanceClient[] Direct =
    [
        .. OpenAI("chat", "/v1/chat/completions", OpenAIWords, EverythingIsDone),
        .. OpenAI("completions", "/v1/completions", OpenAIWords, TextOnly),
        new("dotnet-openai-chat", "OpenAI 2.15.0 (.NET)", "/v1/chat/completions", new("Stop", "Length", "ToolCalls"), ErrorWords.Always("ClientResultException", "HttpIOException"))
        {
            AskAsync = OpenAIDotNet.AskChatAsync,
            CannotDo = NoReasoning,
        },
        .. AISdk("compatible-chat", "@ai-sdk/openai-compatible 3.0.92", "@ai-sdk/openai-compatible 2.0.91", "/v1/chat/completions", EverythingIsDone),
        .. AISdk("compatible-completions", "@ai-sdk/openai-compatible 3.0.92", "@ai-sdk/openai-compatible 2.0.91", "/v1/completions", TextOnly),
        .. AISdk("openai-chat", "@ai-sdk/openai 4.0.118", "@ai-sdk/openai 3.0.141", "/v1/chat/completions", NoReasoning),
        .. OpenAI("responses", "/v1/responses", ResponsesWords, EverythingIsDone),
        new("dotnet-openai-responses", "OpenAI 2.15.0 (.NET)", "/v1/responses", new("Completed", "max_output_tokens", "Completed"), ErrorWords.Always("ClientResultException", "StreamingResponseErrorUpdate"))
        {
            AskAsync = OpenAIDotNet.AskResponsesAsync,
        },
        .. AISdk("openai-responses", "@ai-sdk/openai 4.0.118", "@ai-sdk/openai 3.0.141", "/v1/responses", EverythingIsDone),
        new("anthropic-1", "@anthropic-ai/sdk 1.12.0", "/v1/messages", AnthropicWords, OfficialErrors) { KeepAlive = Ping },
        new("dotnet-anthropic-13", "Anthropic 13.12.0 (.NET)", "/v1/messages", AnthropicWords,
            new("AnthropicBadRequestException", "AnthropicUnauthorizedException", "AnthropicRateLimitException", "Anthropic5xxException", "AnthropicSseException", HasRetryAfter: false))
        {
            AskAsync = AnthropicDotNet.AskAsync,
            KeepAlive = Ping,
        },
        .. AISdk("anthropic", "@ai-sdk/anthropic 4.0.105", "@ai-sdk/anthropic 3.0.139", "/v1/messages", EverythingIsDone, Ping),
        new("ollama-0-chat", "ollama 0.6.4", "/ollama/api/chat", Neutral, ErrorWords.Always("ResponseError", "Error", hasRetryAfter: false))
        {
            KeepAlive = "\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":false",
        },
        new("ollama-0-generate", "ollama 0.6.4", "/ollama/api/generate", Neutral, ErrorWords.Always("ResponseError", "Error", hasRetryAfter: false))
        {
            KeepAlive = "\"response\":\"\",\"done\":false",
            CannotDo = Generates,
        },
        .. AISdkUI("ui", "AbstractChat"),
        .. AISdkUI("ui-reader", "readUIMessageStream"),
        .. Native("eventsource-5", "eventsource 5.1.5", SseOnly, ErrorWords.Always("Refused", "StreamFailed", hasRetryAfter: false)),
        .. Native("eventsource-4", "eventsource 4.1.1", SseOnly, ErrorWords.Always("Refused", "StreamFailed", hasRetryAfter: false)),
        .. Native("fetch-event-source-2", "@microsoft/fetch-event-source 2.0.1", SseOnly, ErrorWords.Always("Refused", "StreamFailed")),
        .. Native("eventsource-parser-4", "eventsource-parser 4.1.3", SseOnly, ErrorWords.Always("Refused", "StreamFailed")),
        .. Native("eventsource-parser-3", "eventsource-parser 3.1.1", SseOnly, ErrorWords.Always("Refused", "StreamFailed")),
        .. Native("fetch-ndjson", "fetch and JSON.parse", Records, ErrorWords.Always("Refused", "StreamFailed")),
    ];

    public static IReadOnlyList<ConformanceClient> All { get; } =
    [
        .. Direct,
        .. new[]
        {
            "openai-7-chat", "dotnet-openai-chat", "openai-7-responses", "ai-7-openai-responses", "anthropic-1", "dotnet-anthropic-13", "ollama-0-chat", "ai-7-ui", "eventsource-5-gai",
        }.Select(BehindGateway),
    ];

    /// <summary>Lets a client talk to a second server, which asks the first one in the dialect of OpenAI's chat.</summary>
    private static ConformanceClient BehindGateway(string name)
    {
        ConformanceClient client = Direct.Single(client => client.Name == name);
        return client with
        {
            Name = name + "-gateway",
            Endpoint = $"{client.Endpoint} of a gateway",
            Model = ModelStands.BehindTheServer,

            // It is the first server that is watched.
            KeepAlive = Comment,
            CannotDo = client.Tools == ToolsRunOn.Server
                ? client.CannotDo.Where(one => !ToolsOfTheProvider.ContainsKey(one.Key)).Concat(ToolsOfTheProvider).ToDictionary()
                : client.CannotDo,
        };
    }

    private static IEnumerable<ConformanceClient> OpenAI(string kind, string endpoint, FinishWords finish, IReadOnlyDictionary<string, string> cannotDo) =>
        from version in ((string Major, string Full)[])[("7", "7.57.0"), ("6", "6.49.0")]
        select new ConformanceClient($"openai-{version.Major}-{kind}", $"openai {version.Full}", endpoint, finish, OfficialErrors) { CannotDo = cannotDo };

    private static IEnumerable<ConformanceClient> AISdk(
        string kind, string latest, string older, string endpoint, IReadOnlyDictionary<string, string> cannotDo, string keepAlive = Comment) =>
    [
        new($"ai-7-{kind}", $"ai 7.0.173, {latest}", endpoint, AISdkWords, ErrorWords.Always("AI_APICallError", "AI_StreamProviderError")) { CannotDo = cannotDo, KeepAlive = keepAlive },
        new($"ai-6-{kind}", $"ai 6.0.326, {older}", endpoint, AISdkWords, ErrorWords.Always("AI_APICallError", "Object")) { CannotDo = cannotDo, KeepAlive = keepAlive },
    ];

    private static IEnumerable<ConformanceClient> AISdkUI(string kind, string what) =>
        from version in ((string Major, string Full, ErrorWords Errors)[])
        [
            ("7", "7.0.173", ErrorWords.Always("AI_APICallError", "Error", hasRetryAfter: false)),
            ("6", "6.0.326", ErrorWords.Always("Error", "Error", hasRetryAfter: false) with { HasStatus = false }),
        ]
        select new ConformanceClient($"ai-{version.Major}-{kind}", $"ai {version.Full}, {what}", "/ui/api/chat", AISdkWords, version.Errors)
        {
            CannotDo = StreamsOnly,
            Tools = ToolsRunOn.Server,
            SendsToolsBack = true,
            LimitsTokens = false,
        };

    private static IEnumerable<ConformanceClient> Native(string name, string title, Dictionary<string, string> cannotDo, ErrorWords errors) =>
        from dialect in ((string Suffix, string Endpoint)[])[("gai", "/chat"), ("events", "/v1/events")]
        select new ConformanceClient($"{name}-{dialect.Suffix}", title, dialect.Endpoint, Neutral, errors)
        {
            CannotDo = cannotDo,
            Tools = ToolsRunOn.Server,
            LimitsTokens = false,
        };
}
