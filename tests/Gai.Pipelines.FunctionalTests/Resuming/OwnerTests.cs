using System.Security.Claims;
using System.Text.Encodings.Web;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.FunctionalTests.Resuming;

/// <summary>Whose a stream is.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The stream that reads the source closes it.")]
public sealed class OwnerTests
{
    private readonly ManualSequence<Tick> _source = new();

    [Theory]
    [InlineData("ann", "bob", 404)]
    [InlineData("ann", null, 404)]
    [InlineData("ann", "nameless", 404)]
    [InlineData(null, "bob", 404)]
    [InlineData("nameless", "nameless", 404)]
    [InlineData("ann", "ann", 200)]
    [InlineData(null, null, 200)]
    public async Task Resume_ByAnyPrincipal_OnlyByTheOneThatBeganIt(string? owner, string? reader, int status)
    {
        await using TestServer server = await StartAsync();
        (string streamId, string eventId) = await BeginAsync(server, owner);
        _source.Push(new Tick(2)).End();

        Assert.Equal(status, (await ResumeServer.GetAsync(server, "/ticks", reader, eventId)).Status);
        Assert.Equal(status, (await ResumeServer.GetAsync(server, $"/ticks?lastEventId={eventId}", reader)).Status);
        Answer whole = await ResumeServer.GetAsync(server, $"/ticks?streamId={streamId}", reader);
        Assert.Equal(status, whole.Status);
        Assert.Equal(status == 200, whole.Body.Contains("{\"n\":2}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Resume_ByAnother_IsToldNothingThatAnUnknownIdIsNot()
    {
        await using TestServer server = await StartAsync(MissedEvents.Refuse);
        (string streamId, string eventId) = await BeginAsync(server, "ann");
        string unknownStream = LogId.New().ToString();
        string unknownEvent = new LogPosition(LogId.New(), 1).ToString();

        foreach ((string ours, string none, HttpMethod method) in new[]
        {
            ($"/ticks?lastEventId={eventId}", $"/ticks?lastEventId={unknownEvent}", HttpMethod.Get),
            ($"/ticks?streamId={streamId}", $"/ticks?streamId={unknownStream}", HttpMethod.Get),
            ($"/ticks?streamId={streamId}", $"/ticks?streamId={unknownStream}", HttpMethod.Delete),
            ($"/ticks?lastEventId={eventId}", $"/ticks?lastEventId={unknownEvent}", HttpMethod.Delete),
        })
        {
            Answer toOurs = await server.SendAsync(ResumeServer.Request(method, ours, "bob"));
            Answer toNone = await server.SendAsync(ResumeServer.Request(method, none, "bob"));
            Assert.InRange(toOurs.Status, 400, 499);
            Assert.Equal((toNone.Status, toNone.Body), (toOurs.Status, toOurs.Body));
            Assert.Equal(toNone.Headers, toOurs.Headers);
        }

        Assert.False(_source.IsDisposed);
    }

    [Fact]
    public async Task Resume_ByAnotherWithAKeyOfTheirOwn_IsToldNothingThatAnUnknownIdIsNot()
    {
        await using TestServer server = await ResumeServer.StartAsync(app => app
            .MapEventStream("/ticks", _ => Sources.Ticks(1))
            .Resumable(resumable => (resumable.Key, resumable.Missed) = (_ => "mine", MissedEvents.Refuse)));
        Answer ann = await ResumeServer.GetAsync(server, "/ticks", "ann");
        await ResumeServer.GetAsync(server, "/ticks", "bob");

        Answer toOurs = await ResumeServer.GetAsync(server, "/ticks", "bob", ResumeServer.IdOf(ann.Body.Split("\n\n")[0]));
        Answer toNone = await ResumeServer.GetAsync(server, "/ticks", "bob", new LogPosition(LogId.New(), 1).ToString());

        Assert.Equal(412, toNone.Status);
        Assert.Equal((toNone.Status, toNone.Body), (toOurs.Status, toOurs.Body));
        Assert.Equal(toNone.Headers, toOurs.Headers);
    }

    [Fact]
    public async Task Get_SameKeyByAnother_IsAStreamOfTheirOwn()
    {
        int runs = 0;
        await using TestServer server = await ResumeServer.StartAsync(app => app
            .MapEventStream("/ticks", _ => Sources.Ticks(Interlocked.Increment(ref runs)))
            .Resumable(resumable => resumable.Key = _ => "mine"));

        Answer ann = await ResumeServer.GetAsync(server, "/ticks", "ann");
        Answer bob = await ResumeServer.GetAsync(server, "/ticks", "bob");
        Answer annAgain = await ResumeServer.GetAsync(server, "/ticks", "ann");

        Assert.Equal(ann.Body, annAgain.Body);
        Assert.NotEqual(ann.Headers["stream-id"], bob.Headers["stream-id"]);
        Assert.Equal(2, runs);
    }

    [Fact]
    public async Task MayRead_LetsATeamIn_OneStreamForAllOfIt()
    {
        await using TestServer server = await ResumeServer.StartAsync(app => app
            .MapEventStream("/ticks", _ => _source)
            .Resumable(resumable =>
            {
                resumable.Key = _ => "the team's";
                resumable.MayRead = (context, log) => new(log.Owner == "ann" && context.Request.Headers["X-User"] != "eve");
            }));
        (_, string eventId) = await BeginAsync(server, "ann");
        _source.Push(new Tick(2)).End();

        Answer bob = await ResumeServer.GetAsync(server, "/ticks", "bob", eventId);
        Answer bobByKey = await ResumeServer.GetAsync(server, "/ticks", "bob");
        Answer eve = await ResumeServer.GetAsync(server, "/ticks", "eve", eventId);
        Answer eveByKey = await ResumeServer.GetAsync(server, "/ticks", "eve");

        Assert.Contains("{\"n\":2}", bob.Body, StringComparison.Ordinal);
        Assert.Contains("{\"n\":1}", bobByKey.Body, StringComparison.Ordinal);
        Assert.Equal((404, 404), (eve.Status, eveByKey.Status));
    }

    /// <summary>Whoever has begun a stream and may no longer read it neither resumes nor cancels it, whichever way the policy came to the endpoint.</summary>
    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    [InlineData("group")]
    public async Task Resume_PolicyOfTheEndpoint_IsAskedEachTime(string where)
    {
        bool mayRead = true;
        await using TestServer server = await StartWithPoliciesAsync(
            app =>
            {
                IEndpointRouteBuilder endpoints = where == "group" ? app.MapGroup(string.Empty).RequireAuthorization("may") : app;
                RouteHandlerBuilder endpoint = endpoints.MapGet("/ticks", () => TypedResults.Extensions.EventStream(_source));
                _ = where == "before" ? endpoint.RequireAuthorization("may") : endpoint;
                endpoint.Resumable();
                _ = where == "after" ? endpoint.RequireAuthorization("may") : endpoint;
            },
            policies => policies.AddPolicy("may", policy => policy.RequireAuthenticatedUser().RequireAssertion(_ => mayRead)));
        (string streamId, string eventId) = await BeginAsync(server, "ann");
        Assert.Equal(401, (await ResumeServer.GetAsync(server, "/ticks", user: null, eventId)).Status);
        mayRead = false;

        Assert.Equal(403, (await ResumeServer.GetAsync(server, "/ticks", "ann", eventId)).Status);
        Assert.Equal(403, (await ResumeServer.GetAsync(server, $"/ticks?streamId={streamId}", "ann")).Status);
        Assert.Equal(403, (await ResumeServer.DeleteAsync(server, $"/ticks?streamId={streamId}", "ann")).Status);
        Assert.False(_source.IsDisposed);
    }

    /// <summary>Of two endpoints that could answer the DELETE, one of which is open to all, the other does.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Delete_OneOfTwoEndpointsHasAPolicy_ThatOneAnswers(bool policyFirst)
    {
        await using TestServer server = await StartWithPoliciesAsync(
            app =>
            {
                foreach (bool isBeginning in new[] { policyFirst, !policyFirst })
                {
                    RouteHandlerBuilder endpoint = app.MapMethods("/ticks", [isBeginning ? "POST" : "GET"], () => TypedResults.Extensions.EventStream(_source));
                    endpoint.Resumable(resumable => resumable.Name = "ticks");
                    _ = isBeginning ? endpoint.RequireAuthorization("writers") : endpoint;
                }
            },
            policies => policies.AddPolicy("writers", policy => policy.RequireAssertion(context => !context.User.HasClaim(ClaimTypes.NameIdentifier, "ann"))));
        (string streamId, _) = await BeginAsync(server, "ann");

        Assert.Equal(403, (await ResumeServer.DeleteAsync(server, $"/ticks?streamId={streamId}", "ann")).Status);
        Assert.False(_source.IsDisposed);
    }

    /// <summary>A filter runs with the handler: who resumes, reads or cancels would pass by it.</summary>
    [Theory]
    [InlineData("endpoint")]
    [InlineData("endpoint, later")]
    [InlineData("group")]
    public async Task Resumable_FilterThatNothingStandsInFor_IsRefusedWithTheReason(string where)
    {
        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(() => ResumeServer.StartAsync(app =>
        {
            IEndpointRouteBuilder endpoints = where == "group" ? app.MapGroup(string.Empty).AddEndpointFilter(RequireKeyAsync) : app;
            RouteHandlerBuilder endpoint = endpoints.MapGet("/ticks", () => TypedResults.Extensions.EventStream(_source));
            endpoint = where == "endpoint" ? endpoint.AddEndpointFilter(RequireKeyAsync) : endpoint;
            endpoint.Resumable();
            endpoint = where == "endpoint, later" ? endpoint.AddEndpointFilter(RequireKeyAsync) : endpoint;
        }));

        Assert.Contains("/ticks has one, and requests that resume, read or cancel a stream would pass it by", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resumable_FilterAndMayRead_FilterRunsForTheProducerAndMayReadForAll()
    {
        int filtered = 0;
        await using TestServer server = await ResumeServer.StartAsync(app => app
            .MapGet("/ticks", () => TypedResults.Extensions.EventStream(_source))
            .AddEndpointFilter((context, next) =>
            {
                filtered++;
                return RequireKeyAsync(context, next);
            })
            .Resumable(resumable => resumable.MayRead = (context, _) => new(HasKey(context))));
        _source.Push(new Tick(1)).End();

        Answer without = await ResumeServer.GetAsync(server, "/ticks");
        Answer begun = await ResumeServer.GetAsync(server, "/ticks?key=17");
        string address = $"/ticks?streamId={begun.Headers["stream-id"]}";
        Answer readWithout = await ResumeServer.GetAsync(server, address);
        Answer cancelledWithout = await ResumeServer.DeleteAsync(server, address);
        Answer read = await ResumeServer.GetAsync(server, $"{address}&key=17");

        Assert.Equal((401, 404, 404), (without.Status, readWithout.Status, cancelledWithout.Status));
        Assert.Equal((200, begun.Body), (read.Status, read.Body));
        Assert.Equal(2, filtered);
    }

    /// <summary>The framework's own filter, on every endpoint then, keeps nobody from reading.</summary>
    [Fact]
    public async Task Resumable_ValidationOfTheFramework_IsNoSuchFilter()
    {
        await using TestServer server = await ResumeServer.StartAsync(
            app => app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(_source)).Resumable(), services => services.AddValidation());
        _source.Push(new Tick(1)).End();

        Assert.Equal(200, (await ResumeServer.GetAsync(server, "/ticks")).Status);
    }

    private static bool HasKey(HttpContext context) => context.Request.Query["key"] == "17";

    private static async ValueTask<object?> RequireKeyAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        HasKey(context.HttpContext) ? await next(context) : TypedResults.Unauthorized();

    /// <summary>Starts a server that authorizes, behind what signs in.</summary>
    private static Task<TestServer> StartWithPoliciesAsync(Action<WebApplication> map, Action<AuthorizationOptions> policies) => ResumeServer.StartAsync(
        app =>
        {
            app.UseAuthorization();
            map(app);
        },
        services =>
        {
            services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, SignedInAlready>("test", configureOptions: null);
            services.AddAuthorization(policies);
        });

    private Task<TestServer> StartAsync(MissedEvents missed = MissedEvents.Gap) =>
        ResumeServer.StartAsync(app => app.MapEventStream("/ticks", _ => _source).Resumable(resumable => resumable.Missed = missed));

    private async Task<(string StreamId, string EventId)> BeginAsync(TestServer server, string? owner)
    {
        _source.Push(new Tick(1));
        using OpenStream stream = await ResumeServer.OpenAsync(server, "/ticks", owner);
        return (ResumeServer.StreamIdOf(stream), ResumeServer.IdOf(await ResumeServer.ReadDataAsync(stream)));
    }

    /// <summary>Says 401 and 403; who somebody is has been found out before.</summary>
    private sealed class SignedInAlready(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder urls)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, urls)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(AuthenticateResult.NoResult());
    }
}
