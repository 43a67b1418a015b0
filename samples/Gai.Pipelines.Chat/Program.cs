using Gai.Pipelines;
using Gai.Pipelines.Chat;
using Gai.Pipelines.Chat.Figures;
using Gai.Pipelines.Hosting;
using Microsoft.Extensions.AI;

// Beside the program lie its settings and its page: so it runs from any folder.
WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

builder.Services.AddGaiPipelines(builder.Configuration.GetSection("GaiPipelines"));
if (builder.Configuration.GetConnectionString("Streams") is { } streams)
{
    // Several instances find each other's streams there. Without it each keeps its own, in memory.
    builder.Services.AddGaiPipelinesPostgreSql(streams);
}

builder.Services.AddModel(builder.Configuration.GetSection("Model"));
builder.Services.AddFigures(builder.Configuration);
builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.AllowAnyOrigin().AllowAnyMethod().AllowAnyHeader().WithExposedHeaders("Stream-Id")));
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, AppJson.Default));

WebApplication app = builder.Build();

app.UseCors();
app.UseDefaultFiles();
app.UseStaticFiles();
app.UseGaiPipelines();

// For EventSource, which can only GET, and for everybody else. The Accept header decides between SSE and NDJSON.
// The model stops when the client leaves.
app.MapGet("/chat", (string q, IChatClient chat) => TypedResults.Extensions.ChatStream(chat, Conversation.Of(q)));
app.MapPost("/chat", (ChatRequest request, IChatClient chat) => TypedResults.Extensions.ChatStream(chat, request.ToMessages()));

// The same, but an answer is produced once and outlives its requests: whoever comes back with its key, or with the id of an event, reads on.
// The page asks here. DELETE stops the model.
app.MapGet("/answers", (string q, IChatClient chat) => TypedResults.Extensions.ChatStream(chat, Conversation.Of(q))).Resumable(ByKey);
app.MapPost("/answers", (ChatRequest request, IChatClient chat) => TypedResults.Extensions.ChatStream(chat, request.ToMessages())).Resumable(ByKey);

// Where else the page may read an answer on.
app.MapGet("/instances.json", (IConfiguration configuration) => configuration.GetSection("Instances").Get<string[]>() ?? []);

// The same events in the dialect gai.events.v1.
app.MapGet("/v1/events", (string q, IChatClient chat) => TypedResults.Extensions.ChatStream(chat, Conversation.Of(q), Dialects.GaiEvents));
app.MapPost("/v1/events", (ChatRequest request, IChatClient chat) =>
    TypedResults.Extensions.ChatStream(chat, request.ToMessages(), Dialects.GaiEvents));

// The same events in the dialects of vendors, for clients that are written for these.
app.MapOpenAIChatCompletions("/v1/chat/completions");
app.MapOpenAICompletions("/v1/completions");
app.MapOpenAIResponses("/v1/responses");
app.MapAnthropicMessages("/v1/messages");
app.MapOllamaChat("/ollama/api/chat");
app.MapOllamaGenerate("/ollama/api/generate");
app.MapAISdkChat("/ui/api/chat");

// Plain typed events, numbered. The type info of our own context allocates nothing; the application's options have an
// encoder, and with one the serializer leaves the generated fast path and boxes a struct.
app.MapGet("/ticks", (TimeProvider time, int count = 10, int intervalMs = 1000) => TypedResults.Extensions.EventStream(
        Clock.TicksAsync(count, TimeSpan.FromMilliseconds(intervalMs), time),
        new EventStreamResultOptions { JsonTypeInfo = AppJson.Default.Tick }))
    .WithEventStreamOptions(stream => stream.EventIds = true);

// Records in, records out: each row is answered as it arrives, while the request is still being sent.
app.MapPost("/translate", (NdjsonBody<Row> rows) => TypedResults.Extensions.EventStream(PigLatin.TranslateAsync(rows)));

// What the library measures of all these streams, for the page.
app.MapFigures("/metrics.json");

app.Run();

static void ByKey(ResumableOptions resumable)
{
    resumable.Name = "answers";
    resumable.Key = context => context.Request.Query["key"];
}
