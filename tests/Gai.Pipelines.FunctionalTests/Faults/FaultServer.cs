using System.Net.Sockets;
using Gai.Pipelines.FaultHost;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests.Faults;

/// <summary>A server whose clock only the test moves, whose streams are watched, and whose system holds little for a client that does not read.</summary>
internal sealed class FaultServer : IAsyncDisposable
{
    /// <summary>
    /// What a source that waits for its client can be ahead of it at most: 64 KiB and a flush of 16 KiB in Kestrel, and the buffers of two
    /// sockets, of which Linux makes twice what it is asked for.
    /// </summary>
    public const int MostAhead = ((64 + 16) * 1024) + (2 * SendBuffer) + (2 * ReceiveBuffer) + (16 * 1024);

    public const int ReceiveBuffer = 4096;

    private const int SendBuffer = 16 * 1024;

    private FaultServer(TestServer server, Witness witness, ManualTimeProvider time)
    {
        Server = server;
        Witness = witness;
        Time = time;
    }

    public TestServer Server { get; }

    public Witness Witness { get; }

    public ManualTimeProvider Time { get; }

    /// <param name="options">The options; keep-alives are on, as by default.</param>
    /// <param name="map">More endpoints.</param>
    /// <param name="web">Sets more of the server.</param>
    public static async Task<FaultServer> StartAsync(
        Action<EventStreamOptions>? options = null, Action<WebApplication, Witness>? map = null, Action<IWebHostBuilder>? web = null)
    {
        var witness = new Witness();
        var time = new ManualTimeProvider();
        TestServer server = await TestServer.StartAsync(
            app =>
            {
                witness.Watch(app);
                witness.Map(app);
                map?.Invoke(app, witness);
            },
            services =>
            {
                services.AddSingleton<TimeProvider>(time);
                services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = endpoint =>
                {
                    Socket socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
                    socket.SendBufferSize = SendBuffer;
                    return socket;
                });
            },
            options,
            web: web);
        return new FaultServer(server, witness, time);
    }

    /// <summary>Asks as a client that writes and reads the bytes itself.</summary>
    public Task<RawClient> AskAsync(string version, string path) => version == "2"
        ? RawClient.GetOverHttp2Async(Server.Http2Port, path, ReceiveBuffer)
        : RawClient.GetAsync(Server.Http1Port, path, receiveBuffer: ReceiveBuffer);

    /// <summary>Waits until the source waits because its client does not read.</summary>
    public async Task<long> SourceWaitsAsync() => await Eventually.StandsStillAsync(() => (int)Witness.Given);

    /// <summary>Gets or sets whether a failure breaks the response, which goes through the server as an exception: elsewhere none does.</summary>
    public bool Breaks { get; set; }

    /// <summary>Lets time pass until no stream is open: a busy machine may have begun to wait for a client later than the test believes.</summary>
    public Task PassUntilIdleAsync(TimeSpan step) => Eventually.IsTrueAsync(
        () =>
        {
            Time.Advance(step);
            return Server.Streams.Count == 0;
        },
        () => "a stream is still open");

    /// <summary>
    /// Waits until nothing is left of any stream: no stream, no entry in the scheduler, no timer, no source that runs or was given up, nothing
    /// that is registered with a request; and sees to it that each stream ended as expected, and once.
    /// </summary>
    public async Task NothingIsLeftAsync(params StreamOutcomeReason[] outcomes)
    {
        await Server.IsIdleAsync();
        await Eventually.IsTrueAsync(() => Witness.Outcomes.Values.Sum() == outcomes.Length, () => $"{Witness.Outcomes.Values.Sum()} streams have ended, not {outcomes.Length}");
        Assert.Equal(outcomes.CountBy(reason => reason).OrderBy(one => one.Key), Witness.Outcomes);
        await Eventually.IsTrueAsync(() => Witness.Disposed == Witness.Started, () => $"{Witness.Disposed} of {Witness.Started} sources are disposed of");
        await Eventually.IsTrueAsync(() => Time.ArmedTimers == 0, () => $"{Time.ArmedTimers} timers are left");
        Assert.Equal(0, Witness.RegistrationsLeft);
        Assert.DoesNotContain(Server.Logs.WarningsAndErrors, entry => entry.Level >= LogLevel.Error && entry.Name is not ("StreamFailed" or "StreamFailedEarly") && !(Breaks && entry.Name == "ApplicationError"));
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
