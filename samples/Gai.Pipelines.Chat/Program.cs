// Beside the program lie its settings and its page: so it runs from any folder.
WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

builder.Services.AddEmbeddedModel(builder.Configuration.GetSection("Model"));
builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.AllowAnyOrigin().AllowAnyMethod().AllowAnyHeader()));

WebApplication app = builder.Build();

app.UseCors();
app.UseDefaultFiles();
app.UseStaticFiles();

// To be mapped with the library:
//   POST /chat       {"messages":[{"role":"user","content":"..."}]} -> the answer, in the dialect gai, as SSE or NDJSON
//   GET  /chat?q=    the same for EventSource, which can only GET
//   POST /v1/events, GET /v1/events?q=   the same in the dialect gai.events.v1
//   GET  /ticks?count=N&intervalMs=M     plain typed events with ids

app.Run();
