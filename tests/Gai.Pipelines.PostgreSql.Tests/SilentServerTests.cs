using System.Net;
using System.Net.Sockets;
using Gai.Pipelines.PostgreSql.Internal;
using Npgsql;

namespace Gai.Pipelines.PostgreSql.Tests;

/// <summary>A server that takes connections and never says anything, as behind a firewall that has forgotten it.</summary>
public sealed class SilentServerTests : IDisposable
{
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly NpgsqlDataSource _source;

    public SilentServerTests()
    {
        _server.Start();
        _source = NpgsqlDataSource.Create($"Host=127.0.0.1;Port={((IPEndPoint)_server.LocalEndpoint).Port};Username=postgres;Timeout=1024");
    }

    public void Dispose()
    {
        _server.Dispose();
        _source.Dispose();
    }

    [Fact]
    public async Task Dispose_NotificationsAreOnTheirWay_DoesNotWaitForThem()
    {
        var names = new Names(new PostgreSqlLogStoreOptions());
        var notifier = new ChangeNotifier(NewDatabase(TimeSpan.FromMinutes(10)), new Statements(names), new LogWatchers<ulong>(), self: 1);
        notifier.Notify(LogId.New(), LogChange.Frames);

        await notifier.DisposeAsync().AsTask().OrFail();
    }

    [Fact]
    public async Task Dispose_ListenerIsConnecting_DoesNotWaitForIt()
    {
        var store = new PostgreSqlLogStore(_source);
        using IDisposable watch = store.Watch(LogId.New(), static _ => { });
        using TcpClient connection = await _server.AcceptTcpClientAsync();

        await store.DisposeAsync().AsTask().OrFail();
    }

    /// <summary>Whoever asks waits for an answer, and may have left long before its turn comes. For what is written behind nobody does.</summary>
    [Fact]
    public async Task Run_NoTurnComes_GivesUpUnlessItWrites()
    {
        Database database = NewDatabase(TimeSpan.FromSeconds(1));
        Task<int>[] first = [RunAsync(Lane.Life), RunAsync(Lane.Write)];
        Task<int> writing = RunAsync(Lane.Write);
        Task<int> asking = RunAsync(Lane.Life);

        await Record.ExceptionAsync(() => asking.OrFail());

        Assert.IsType<TimeoutException>(asking.Exception?.InnerException);
        Assert.False(writing.IsCompleted);
        _server.Stop();
        await Record.ExceptionAsync(() => Task.WhenAll([writing, .. first]).OrFail());

        Task<int> RunAsync(Lane lane) => database.RunAsync(lane, static (_, _) => Task.FromResult(0), CancellationToken.None);
    }

    private Database NewDatabase(TimeSpan commandTimeout)
    {
        var options = new PostgreSqlLogStoreOptions { MaxConnections = 4, CommandTimeout = commandTimeout };
        return new Database(_source, options, new Names(options));
    }
}
