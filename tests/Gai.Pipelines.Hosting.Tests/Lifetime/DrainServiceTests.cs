using System.Threading.Channels;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Hosting.Tests.Lifetime;

/// <summary>What becomes of open streams when the host stops, on a clock that only the test moves. The limit is 20 s.</summary>
public sealed class DrainServiceTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly StreamRegistry _streams = new();
    private readonly OpenStreamStub _stream = new();
    private readonly AbortFeature _connection = new();

    [Fact]
    public async Task Stopping_NoStreams_IsDoneAtOnce()
    {
        await NewService(new()).StoppingAsync(default).OrFail();

        Assert.True(_streams.IsDraining);
        Assert.Equal(0, _time.ArmedTimers);
    }

    [Fact]
    public async Task Stopping_StreamThatFinishes_IsLeftAlone()
    {
        OpenEntryStub entry = Open();
        Task stopping = NewService(new()).StoppingAsync(default);
        _time.Advance(TimeSpan.FromSeconds(17.9));
        Assert.False(stopping.IsCompleted);

        _streams.Remove(entry);

        await stopping.OrFail();
        Assert.Empty(_stream.Endings);
        Assert.Equal(0, _connection.Aborts);
    }

    [Fact]
    public async Task Stopping_StreamThatGoesOn_IsEndedAfterNineTenths()
    {
        OpenEntryStub entry = Open();
        _stream.OnEnd = () => _streams.Remove(entry);
        Task stopping = NewService(new()).StoppingAsync(default);
        _time.Advance(TimeSpan.FromSeconds(17.9));
        Assert.Empty(_stream.Endings);

        _time.Advance(TimeSpan.FromSeconds(0.2));

        await stopping.OrFail();
        Assert.Equal(StreamOutcomeReason.Drained, Assert.Single(_stream.Endings).Reason);
        Assert.Equal(0, _connection.Aborts);
    }

    [Fact]
    public async Task Stopping_EndAtOnce_DoesNotWait()
    {
        OpenEntryStub entry = Open();
        _stream.OnEnd = () => _streams.Remove(entry);

        await NewService(new() { DrainMode = DrainMode.EndAtOnce }).StoppingAsync(default).OrFail();

        Assert.Single(_stream.Endings);
        Assert.Equal(0, _connection.Aborts);
    }

    [Theory]
    [InlineData(20, 1)]
    [InlineData(0.5, 0.5)]
    public async Task Stopping_OverHttp2_LeavesTheConnectionsOpenForASecond(double limit, double expected)
    {
        // A connection that is closed while its client still reads loses what is on its way.
        OpenEntryStub entry = Open("HTTP/2");
        _stream.OnEnd = () => _streams.Remove(entry);
        DrainService service = NewService(new() { DrainMode = DrainMode.EndAtOnce, DrainTimeout = TimeSpan.FromSeconds(limit) });

        Task stopping = service.StoppingAsync(default);

        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(expected));
        Assert.False(stopping.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(expected));
        await stopping.OrFail();
        await service.StoppingAsync(default).OrFail();
        Assert.Equal(0, _time.ArmedTimers);
    }

    [Theory]
    [InlineData(DrainMode.Finish)]
    [InlineData(DrainMode.EndAtOnce)]
    public async Task Stopping_FarewellIsNotTaken_BreaksTheConnectionAtTheLimit(DrainMode mode)
    {
        Open();
        Task stopping = NewService(new() { DrainMode = mode }).StoppingAsync(default);
        await AdvanceAsync(TimeSpan.FromSeconds(18));
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(mode == DrainMode.Finish ? 2 : 20));
        Assert.Equal(0, _connection.Aborts);

        await AdvanceAsync(TimeSpan.FromSeconds(2));

        await stopping.OrFail();
        Assert.Single(_stream.Endings);
        Assert.Equal(1, _connection.Aborts);
    }

    [Fact]
    public async Task Stopping_RequestThatHasJustEnded_IsNoObstacleToTheOthers()
    {
        OpenStreamStub other = new();
        Open();
        var over = new DefaultHttpContext();
        over.Features.Set<IHttpRequestLifetimeFeature>(new AbortFeature { IsOver = true });
        Assert.True(_streams.TryAdd(new OpenEntryStub(other, over)));
        Task stopping = NewService(new() { DrainMode = DrainMode.EndAtOnce }).StoppingAsync(default);

        await AdvanceAsync(TimeSpan.FromSeconds(20));

        await stopping.OrFail();
        Assert.Equal(1, _connection.Aborts);
    }

    [Fact]
    public async Task Stopping_StreamThatThrows_ProducersAreEndedAllTheSame()
    {
        await using var logs = new StreamLogs();
        var start = new LogStart { Key = LogKey.New(), Format = StreamFormat.ServerSentEvents, Dialect = "gai" };
        StreamLog log = (await logs.GetOrStartAsync(start, () => new LogProducer<StreamEvent>
        {
            Source = StreamSource.From(Channel.CreateUnbounded<StreamEvent>().Reader),
            Dialect = Dialects.Gai.Create(new DialectContext(StreamFormat.ServerSentEvents, DialectSettings.Default)),
        })).Log;
        Open();
        _stream.OnEnd = static () => throw new InvalidOperationException("broken");

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => NewService(new() { DrainMode = DrainMode.EndAtOnce }, logs: logs).StoppingAsync(default).OrFail());

        await log.Ended.OrFail();
    }

    [Theory]
    [InlineData(30, 30, false)]
    [InlineData(31, 30, false)]
    [InlineData(29, 30, true)]
    [InlineData(20, -0.001, true)]
    public async Task Starting_LimitOfTheHost_MustBeLonger(double drain, double shutdown, bool isValid)
    {
        DrainService service = NewService(new() { DrainTimeout = TimeSpan.FromSeconds(drain) }, TimeSpan.FromSeconds(shutdown));

        Exception? failure = await Record.ExceptionAsync(() => service.StartingAsync(default));

        Assert.Equal(isValid, failure is null);
        if (!isValid)
        {
            OptionsValidationException refusal = Assert.IsType<OptionsValidationException>(failure);
            Assert.Contains($"DrainTimeout is 00:00:{drain:F0}", refusal.Message, StringComparison.Ordinal);
            Assert.Contains("HostOptions.ShutdownTimeout", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Start_HostWithAShorterLimit_StopsTheHost()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.Services.AddGaiPipelines();
        using IHost host = builder.Build();

        OptionsValidationException failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("DrainTimeout is 00:00:20, and the host stops waiting after 00:00:10.", failure.Message, StringComparison.Ordinal);
    }

    private OpenEntryStub Open(string protocol = "HTTP/1.1")
    {
        var context = new DefaultHttpContext { Request = { Protocol = protocol } };
        context.Features.Set<IHttpRequestLifetimeFeature>(_connection);
        var entry = new OpenEntryStub(_stream, context);
        Assert.True(_streams.TryAdd(entry));
        return entry;
    }

    /// <summary>Moves the clock on once a wait has begun: a continuation may still be on its way to it.</summary>
    private async Task AdvanceAsync(TimeSpan by)
    {
        await Deadline.UntilAsync(() => _time.ArmedTimers > 0);
        _time.Advance(by);
    }

    private DrainService NewService(EventStreamOptions options, TimeSpan? shutdown = null, StreamLogs? logs = null) => new(
        _streams,
        logs ?? new StreamLogs(),
        Microsoft.Extensions.Options.Options.Create(options),
        Microsoft.Extensions.Options.Options.Create(new HostOptions { ShutdownTimeout = shutdown ?? TimeSpan.FromSeconds(30) }),
        _time,
        NullLogger<DrainService>.Instance);
}
