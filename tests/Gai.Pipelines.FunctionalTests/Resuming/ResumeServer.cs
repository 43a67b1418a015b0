using System.Security.Claims;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Resuming;

/// <summary>Servers whose streams can be resumed. A request says who sends it in the header <c>X-User</c>.</summary>
internal static class ResumeServer
{
    public static Task<TestServer> StartAsync(
        Action<WebApplication> map, Action<IServiceCollection>? services = null, Action<EventStreamOptions>? options = null, ILogStore? store = null) =>
        TestServer.StartAsync(
            app =>
            {
                app.Use((context, next) =>
                {
                    SignIn(context);
                    return next(context);
                });
                map(app);
            },
            all =>
            {
                all.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, TestJson.Default));
                if (store is not null)
                {
                    all.AddSingleton(store);
                }

                services?.Invoke(all);
            },
            all =>
            {
                all.DrainTimeout = TimeSpan.FromSeconds(1);
                options?.Invoke(all);
            });

    /// <summary>Makes a store as two servers share it.</summary>
    public static ILogStore NewSharedStore() => new MemoryLogStore(TimeProvider.System) { IsShared = true };

    public static StreamLogs LogsOf(TestServer server) => server.App.Services.GetRequiredService<StreamLogs>();

    public static HttpRequestMessage Request(HttpMethod method, string path, string? user = null, string? lastEventId = null, string? accept = null)
    {
        HttpRequestMessage request = TestServer.Get(path, accept, lastEventId);
        request.Method = method;
        if (user is not null)
        {
            request.Headers.Add("X-User", user);
        }

        return request;
    }

    public static Task<Answer> GetAsync(TestServer server, string path, string? user = null, string? lastEventId = null, string? accept = null) =>
        server.SendAsync(Request(HttpMethod.Get, path, user, lastEventId, accept));

    public static Task<Answer> DeleteAsync(TestServer server, string path, string? user = null, string? lastEventId = null) =>
        server.SendAsync(Request(HttpMethod.Delete, path, user, lastEventId));

    public static Task<OpenStream> OpenAsync(TestServer server, string path, string? user = null, string? lastEventId = null, string? accept = null) =>
        OpenStream.OpenAsync(server.Client("1.1"), Request(HttpMethod.Get, path, user, lastEventId, accept));

    public static string StreamIdOf(OpenStream stream) => Assert.Single(stream.Response.Headers.GetValues("Stream-Id"));

    /// <summary>Reads an event of SSE that has data; what has none only says where to resume.</summary>
    public static async Task<string> ReadDataAsync(OpenStream stream)
    {
        string one;
        do
        {
            one = await stream.ReadEventAsync();
        }
        while (!one.Contains("data:", StringComparison.Ordinal));
        return one;
    }

    /// <summary>Takes the id out of an event of SSE.</summary>
    public static string IdOf(string sseEvent) => sseEvent.Split('\n').Single(line => line.StartsWith("id: ", StringComparison.Ordinal))["id: ".Length..];

    private static void SignIn(HttpContext context)
    {
        if (context.Request.Headers["X-User"].ToString() is { Length: > 0 } user)
        {
            Claim[] claims = user == "nameless" ? [] : [new Claim(ClaimTypes.NameIdentifier, user)];
            context.User = new ClaimsPrincipal(new ClaimsIdentity(claims, "test"));
        }
    }
}
