using System.Threading.Channels;
using Gai.Pipelines.FaultHost;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Faults;

/// <summary>A clock that jumps: hours forward, as that of a machine that slept, and the clock on the wall backward or forward, as one that is set.</summary>
/// <remarks>
/// What holds: a silent stream gets one keep-alive for all that time, and then goes on in its rhythm; a client that was waited for is not to blame for it; the clock
/// on the wall counts for nothing but the expiry of tickets, and there as it stands now.
/// </remarks>
public sealed class ClockTests
{
    private const int FrameBytes = 1000;
    private const int Events = 1000;

    private readonly Channel<string> _channel = Channel.CreateUnbounded<string>();

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Jump_HoursForward_SilentStreamGetsOneKeepAlive(string version)
    {
        await using FaultServer server = await StartAsync();
        using RawClient client = await server.AskAsync(version, "/channel");
        await GiveAndReadAsync(client, 1, Numbered.Frame(1, FrameBytes));

        server.Time.Jump(TimeSpan.FromHours(5));
        await client.ReadBodyAsync(client.Body.Length + 1);
        await Eventually.IsTrueAsync(() => server.Server.Scheduler.EntryCount == 1, () => "the stream has no entry");
        await GiveAndReadAsync(client, 2, Numbered.Frame(1, FrameBytes) + ": keep-alive\n\n" + Numbered.Frame(2, FrameBytes));
        server.Time.Advance(TimeSpan.FromSeconds(15));
        await client.ReadBodyAsync(client.Body.Length + 1);

        Assert.EndsWith(Numbered.Frame(2, FrameBytes) + ": keep-alive\n\n", client.Body.Text, StringComparison.Ordinal);
        _channel.Writer.Complete();
        Assert.Equal("clean", await client.ReadToEndAsync());
        await server.NothingIsLeftAsync(StreamOutcomeReason.Completed);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Jump_HoursForward_ClientThatWasWaitedForIsNotToBlame(string version)
    {
        await using FaultServer server = await StartAsync();
        using RawClient client = await server.AskAsync(version, $"/numbers?bytes={FrameBytes}&count={Events}");
        await server.SourceWaitsAsync();

        // Of a minute that a client has, all but the jumps counts.
        for (int jump = 0; jump < 3; jump++)
        {
            server.Time.Jump(TimeSpan.FromHours(5));
            server.Time.Advance(TimeSpan.FromSeconds(19));
            await Eventually.IsTrueAsync(() => server.Server.Scheduler.EntryCount == 1, () => "the stream has no entry");
        }

        Assert.Equal(1, server.Server.Streams.Count);
        Assert.Equal("clean", await client.ReadToEndAsync());
        Assert.Equal(Events, Numbered.CountWhole(client.Body.Bytes, FrameBytes));
        await server.NothingIsLeftAsync(StreamOutcomeReason.Completed);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Jump_HoursForward_ClientThatDoesNotReadAfterItIsGivenUp(string version)
    {
        await using FaultServer server = await StartAsync();
        using RawClient client = await server.AskAsync(version, $"/numbers?bytes={FrameBytes}");
        await server.SourceWaitsAsync();

        server.Time.Jump(TimeSpan.FromHours(5));
        await Eventually.IsTrueAsync(() => server.Server.Scheduler.EntryCount == 1, () => "the stream has no entry");
        await server.PassUntilIdleAsync(TimeSpan.FromSeconds(61));

        await server.NothingIsLeftAsync(StreamOutcomeReason.TooSlow);
        Assert.Equal(1, server.Witness.Cancelled);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task WallClock_SetBack_ChangesNoRhythm(string version)
    {
        await using FaultServer server = await StartAsync();
        using RawClient client = await server.AskAsync(version, "/channel");
        await GiveAndReadAsync(client, 1, Numbered.Frame(1, FrameBytes));

        server.Time.SetWallClock(TimeSpan.FromHours(-6));
        server.Time.Advance(TimeSpan.FromSeconds(15));
        await client.ReadBodyAsync(client.Body.Length + 1);
        await GiveAndReadAsync(client, 2, Numbered.Frame(1, FrameBytes) + ": keep-alive\n\n" + Numbered.Frame(2, FrameBytes));

        _channel.Writer.Complete();
        Assert.Equal("clean", await client.ReadToEndAsync());
        await server.NothingIsLeftAsync(StreamOutcomeReason.Completed);
    }

    [Fact]
    public async Task WallClock_SetBack_TicketLastsUntilTheWallSaysSo()
    {
        await using FaultServer server = await StartAsync();
        using RawClient client = await server.AskAsync("1.1", "/ticket");
        await client.ReadBodyAsync(1);

        server.Time.SetWallClock(TimeSpan.FromHours(-1));
        server.Time.Advance(TimeSpan.FromMinutes(69));
        Assert.Equal(1, server.Server.Streams.Count);
        server.Time.Advance(TimeSpan.FromMinutes(2));

        await client.ReadToEndAsync();
        Assert.Contains("\"code\":\"unauthorized\"", client.Body.Text, StringComparison.Ordinal);
        await server.NothingIsLeftAsync(StreamOutcomeReason.Unauthorized);
    }

    [Fact]
    public async Task WallClock_SetForwardBehindTheTicket_EndsTheStreamWithinAKeepAlive()
    {
        await using FaultServer server = await StartAsync();
        using RawClient client = await server.AskAsync("1.1", "/ticket");
        await client.ReadBodyAsync(1);

        server.Time.SetWallClock(TimeSpan.FromHours(1));
        server.Time.Advance(TimeSpan.FromSeconds(15.2));

        await client.ReadToEndAsync();
        Assert.Contains("\"code\":\"unauthorized\"", client.Body.Text, StringComparison.Ordinal);
        await server.NothingIsLeftAsync(StreamOutcomeReason.Unauthorized);
    }

    private async Task GiveAndReadAsync(RawClient client, int number, string expected)
    {
        Assert.True(_channel.Writer.TryWrite(Numbered.Event(number, FrameBytes)));
        await client.ReadBodyAsync(expected.Length);
        Assert.Equal(expected, client.Body.Text);
    }

    private Task<FaultServer> StartAsync() => FaultServer.StartAsync(map: (app, witness) =>
    {
        app.MapGet("/channel", () => TypedResults.Extensions.EventStream(_channel.Reader, witness.Noted));
        app.MapGet("/ticket", (HttpContext context) =>
        {
            var properties = new AuthenticationProperties { ExpiresUtc = context.RequestServices.GetService(typeof(TimeProvider)) is TimeProvider time ? time.GetUtcNow().AddMinutes(10) : null };
            context.Features.Set<IAuthenticateResultFeature>(new Ticket
            {
                AuthenticateResult = AuthenticateResult.Success(new AuthenticationTicket(context.User, properties, "cookies")),
            });
            return TypedResults.Extensions.EventStream(witness.IdleAsync(), witness.Noted);
        }).WithEventStreamOptions(options => options.EndWhenTicketExpires = true);
    });

    private sealed class Ticket : IAuthenticateResultFeature
    {
        public AuthenticateResult? AuthenticateResult { get; set; }
    }
}
