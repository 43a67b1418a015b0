using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gai.Pipelines.Hosting.Tests.Lifetime;

/// <summary>Looks at the authorization of open streams, every 15 s on a clock that only the test moves.</summary>
public sealed class AuthorizationWatchTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly StreamScheduler _scheduler;
    private readonly OpenStreamStub _stream = new();
    private readonly DefaultHttpContext _context = new();

    public AuthorizationWatchTests() => _scheduler = new StreamScheduler(_time);

    public void Dispose() => _scheduler.Dispose();

    [Fact]
    public void Start_NothingConfigured_CostsNothing()
    {
        Assert.Null(Start(endsWithTicket: false, null));
        Assert.Equal(0, _scheduler.EntryCount);
    }

    [Fact]
    public async Task Ticket_Expires_EndsTheStreamThen()
    {
        SetTicket(_time.GetUtcNow().AddMinutes(10));
        await using AuthorizationWatch? watch = Start(endsWithTicket: true, null);
        Assert.Equal(1, _scheduler.EntryCount);

        _time.Advance(TimeSpan.FromSeconds(599.9));
        Assert.Empty(_stream.Endings);
        _time.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Equal((StreamOutcomeReason.Unauthorized, StreamError.Unauthorized), Assert.Single(_stream.Endings));
        Assert.Equal(0, _scheduler.EntryCount);
    }

    [Fact]
    public async Task Ticket_HasExpiredBefore_EndsTheStreamAtOnce()
    {
        SetTicket(_time.GetUtcNow());
        await using AuthorizationWatch? watch = Start(endsWithTicket: true, null);

        Assert.Single(_stream.Endings);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ticket_WithoutExpiryOrNotAskedFor_NeverEndsTheStream(bool endsWithTicket)
    {
        SetTicket(endsWithTicket ? null : _time.GetUtcNow().AddMinutes(1));
        await using AuthorizationWatch? watch = Start(endsWithTicket, null);

        _time.Advance(TimeSpan.FromDays(1));

        Assert.Empty(_stream.Endings);
        Assert.Equal(0, _scheduler.EntryCount);
    }

    [Fact]
    public async Task MayGoOn_SaysNo_EndsTheStreamAndIsNotAskedAgain()
    {
        int asked = 0;
        await using AuthorizationWatch? watch = Start(endsWithTicket: false, context =>
        {
            Assert.Same(_context, context);
            return new(Interlocked.Increment(ref asked) < 3);
        });

        for (int expected = 1; expected <= 3; expected++)
        {
            Assert.Empty(_stream.Endings);
            await NextLookAsync();
            int now = expected;
            await Deadline.UntilAsync(() => Volatile.Read(ref asked) == now);
        }

        await Deadline.UntilAsync(() => _stream.Endings.Count == 1);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task MayGoOn_Throws_EndsTheStream()
    {
        await using AuthorizationWatch? watch = Start(endsWithTicket: false, _ => throw new InvalidOperationException("the store is away"));

        await NextLookAsync();

        await Deadline.UntilAsync(() => _stream.Endings.Count == 1);
        Assert.Equal(StreamOutcomeReason.Unauthorized, _stream.Endings[0].Reason);
    }

    /// <summary>Who cannot be checked may not read.</summary>
    [Fact]
    public async Task MayGoOn_HasNotAnsweredWhenTheNextCheckIsDue_EndsTheStream()
    {
        var never = new TaskCompletionSource<bool>();
        _ = Start(endsWithTicket: false, _ => new(never.Task));
        await NextLookAsync();

        _time.Advance(TimeSpan.FromSeconds(14.8));
        Assert.Empty(_stream.Endings);
        _time.Advance(TimeSpan.FromSeconds(0.2));

        await Deadline.UntilAsync(() => _stream.Endings.Count == 1);
        Assert.Equal(StreamOutcomeReason.Unauthorized, _stream.Endings[0].Reason);
    }

    [Fact]
    public async Task Ticket_ExpiresWhileACheckIsUnderWay_EndsTheStreamThen()
    {
        var never = new TaskCompletionSource<bool>();
        SetTicket(_time.GetUtcNow().AddSeconds(20));
        _ = Start(endsWithTicket: true, _ => new(never.Task));
        await NextLookAsync();

        _time.Advance(TimeSpan.FromSeconds(4.8));
        Assert.Empty(_stream.Endings);
        _time.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Single(_stream.Endings);
    }

    [Fact]
    public async Task Ticket_ExpiresWhileMayGoOnSaysYes_EndsTheStream()
    {
        SetTicket(_time.GetUtcNow().AddSeconds(20));
        await using AuthorizationWatch? watch = Start(endsWithTicket: true, static _ => new(true));
        await NextLookAsync();
        await Deadline.UntilAsync(() => _scheduler.EntryCount == 1);

        _time.Advance(TimeSpan.FromSeconds(5.1));

        Assert.Single(_stream.Endings);
    }

    [Fact]
    public async Task Ticket_ExpiresAndIsNotAskedFor_OnlyMayGoOnCounts()
    {
        int asked = 0;
        SetTicket(_time.GetUtcNow().AddSeconds(1));
        await using AuthorizationWatch? watch = Start(endsWithTicket: false, _ =>
        {
            Interlocked.Increment(ref asked);
            return new(true);
        });

        await NextLookAsync();
        await Deadline.UntilAsync(() => Volatile.Read(ref asked) == 1 && _scheduler.EntryCount == 1);

        Assert.Empty(_stream.Endings);
    }

    [Fact]
    public async Task Dispose_CheckUnderWay_WaitsForItAndLooksNoMore()
    {
        var answer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        int asked = 0;
        AuthorizationWatch watch = Start(endsWithTicket: false, _ =>
        {
            Interlocked.Increment(ref asked);
            return new(answer.Task);
        })!;
        await NextLookAsync();
        await Deadline.UntilAsync(() => Volatile.Read(ref asked) == 1);

        Task disposing = watch.DisposeAsync().AsTask();
        Assert.False(disposing.IsCompleted);
        answer.SetResult(true);
        await disposing.OrFail();

        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal((1, 0), (asked, _scheduler.EntryCount));
    }

    [Fact]
    public async Task Dispose_CheckThatHangs_IsLeftAfterTheLongestWait()
    {
        var never = new TaskCompletionSource<bool>();
        int asked = 0;
        AuthorizationWatch watch = Start(endsWithTicket: false, _ =>
        {
            Interlocked.Increment(ref asked);
            return new(never.Task);
        })!;
        await NextLookAsync();
        await Deadline.UntilAsync(() => Volatile.Read(ref asked) == 1);

        Task disposing = watch.DisposeAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(5));

        await disposing.OrFail();
    }

    /// <summary>Lets the time come at which the watch looks, once it waits for it.</summary>
    private async Task NextLookAsync()
    {
        await Deadline.UntilAsync(() => _scheduler.EntryCount == 1);
        _time.Advance(TimeSpan.FromSeconds(15.1));
    }

    private AuthorizationWatch? Start(bool endsWithTicket, Func<HttpContext, ValueTask<bool>>? mayGoOn) => AuthorizationWatch.Start(
        _stream, _context, new AuthorizationChecks(endsWithTicket, mayGoOn, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(5)), _scheduler, NullLogger.Instance);

    private void SetTicket(DateTimeOffset? expires) => _context.Features.Set<IAuthenticateResultFeature>(new TicketFeature
    {
        AuthenticateResult = AuthenticateResult.Success(new AuthenticationTicket(_context.User, new AuthenticationProperties { ExpiresUtc = expires }, "cookies")),
    });

    private sealed class TicketFeature : IAuthenticateResultFeature
    {
        public AuthenticateResult? AuthenticateResult { get; set; }
    }
}
