using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests.Proxies;

/// <summary>Silence, and clients that leave, behind real proxies.</summary>
public sealed class ProxySilenceTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData(ProxyKind.Nginx)]
    [InlineData(ProxyKind.HAProxy)]
    [InlineData(ProxyKind.Yarp)]
    public async Task KeepAlive_SilenceBeyondTheTimeoutOfTheProxy_StaysOpen(ProxyKind kind)
    {
        await using ProxyScene scene = await ProxyScene.StartAsync(kind, options: all => all.KeepAliveInterval = TimeSpan.FromSeconds(1), silence: Silence);
        scene.Ticks.TryWrite(new Tick(1));
        using OpenStream stream = await scene.OpenAsync("/ticks");
        await stream.ReadEventAsync();

        for (int seconds = 0; seconds <= Silence.TotalSeconds; seconds++)
        {
            Assert.Equal(": keep-alive\n\n", await stream.ReadEventAsync());
        }

        scene.Ticks.TryWrite(new Tick(2));
        Assert.Equal("data: {\"n\":2}\n\n", await stream.ReadThroughAsync("data: {\"n\":2}\n\n"));
    }

    /// <summary>Without it, the test above would prove nothing.</summary>
    [Theory]
    [InlineData(ProxyKind.Nginx)]
    [InlineData(ProxyKind.HAProxy)]
    [InlineData(ProxyKind.Yarp)]
    public async Task KeepAlive_TurnedOff_ProxyCutsTheStreamAndTheSourceIsCancelled(ProxyKind kind)
    {
        await using ProxyScene scene = await ProxyScene.StartAsync(kind, options: all => all.KeepAliveInterval = TimeSpan.Zero, silence: Silence);
        using OpenStream stream = await scene.OpenAsync("/idle");
        await stream.ReadEventAsync();

        await Record.ExceptionAsync(stream.ReadRestAsync);

        await scene.Watched.Cancelled;
    }

    [Theory]
    [MemberData(nameof(ProxyTests.All), MemberType = typeof(ProxyTests))]
    public async Task Leave_Client_CancelsTheSource(ProxyKind kind)
    {
        // Nothing is written that could fail, and the proxy would wait for minutes: that the client has left is all that it can pass on.
        await using ProxyScene scene = await ProxyScene.StartAsync(kind, options: all => all.KeepAliveInterval = TimeSpan.Zero);
        using (OpenStream stream = await scene.OpenAsync("/idle"))
        {
            await stream.ReadEventAsync();
        }

        await scene.Watched.Cancelled;
        await scene.Server.IsIdleAsync();
        Assert.Empty(scene.Server.Logs.WarningsAndErrors);
    }
}
