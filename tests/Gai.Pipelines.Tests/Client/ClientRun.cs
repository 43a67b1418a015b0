using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Client;

/// <summary>A client that reads in the background, under a clock that the test moves on.</summary>
internal sealed class ClientRun : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http;

    public ClientRun(
        ScriptedServer server,
        double jitter = 1,
        Func<EventStreamClientOptions, EventStreamClientOptions>? options = null,
        ManualTimeProvider? time = null,
        Func<HttpRequestMessage>? request = null)
    {
        Server = server;
        Time = time ?? new ManualTimeProvider();
        _http = new HttpClient(server, disposeHandler: false);
        var chosen = new EventStreamClientOptions { TimeProvider = Time, Random = new FixedRandom(jitter), OnStateChanged = States.Add };
        var client = new EventStreamClient(_http, options?.Invoke(chosen) ?? chosen);
        Reading = ReadAsync(request is null ? client.ReadAsync(new Uri("http://server/"), _stop.Token) : client.ReadAsync(request, _stop.Token));
    }

    public ScriptedServer Server { get; }

    public ManualTimeProvider Time { get; }

    public List<EventStreamClientState> States { get; } = [];

    public List<string> Events { get; } = [];

    public Task Reading { get; }

    public IEnumerable<TimeSpan> Waits => States.Where(state => state.Connection == EventStreamConnection.Waiting).Select(state => state.Wait);

    /// <summary>Waits until the client waits so long; proves that it does nothing until the last millisecond.</summary>
    public async Task PassAsync(double milliseconds)
    {
        // Timers take whole milliseconds.
        var wait = TimeSpan.FromMilliseconds(Math.Floor(milliseconds));
        await Time.WaitForTimerAsync(wait);
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), States[^1].Wait);
        int requests = Server.Requests;
        Time.Advance(wait - TimeSpan.FromMilliseconds(1));
        Assert.Equal(requests, Server.Requests);
        Time.Advance(TimeSpan.FromMilliseconds(1));
        await Deadline.UntilAsync(() => Server.Requests == requests + 1);
    }

    public Task EndAsync() => Reading.OrFail("the stream ends");

    public Task CancelAsync() => _stop.CancelAsync();

    public void Dispose()
    {
        _stop.Cancel();
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task ReadAsync(IAsyncEnumerable<SseFrame> events)
    {
        await foreach (SseFrame frame in events)
        {
            Events.Add(frame.Data);
        }
    }
}
