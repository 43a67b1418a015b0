using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FaultHost;

/// <summary>A server that is told what to do by lines on its standard input, and answers each with one.</summary>
/// <remarks>The lines are read on the main thread, so that it also listens when the thread pool does not.</remarks>
internal sealed class ServerRole : IDisposable
{
    private readonly Witness _witness = new();
    private readonly Generations _generations = new();
    private readonly Problems _problems = new();
    private readonly WebApplication _app;

    private ServerRole(string[] options)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Configuration.AddCommandLine(options);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            server.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            server.Limits.MaxConcurrentConnections = builder.Configuration.GetValue<int?>("MaxConcurrentConnections");
        });
        if (builder.Configuration.GetValue<int?>("SendBuffer") is { } sendBuffer)
        {
            builder.Services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = endpoint =>
            {
                Socket socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
                socket.SendBufferSize = sendBuffer;
                return socket;
            });
        }

        builder.Logging.AddProvider(_problems).SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddRouting().AddGaiPipelines(builder.Configuration.GetSection("GaiPipelines"));
        if (builder.Configuration.GetConnectionString("Streams") is { } streams)
        {
            builder.Services.AddGaiPipelinesPostgreSql(streams, store => store.Schema = builder.Configuration["Schema"] ?? store.Schema);
        }

        _app = builder.Build();
        _app.UseGaiPipelines();
        _witness.Watch(_app);
        _witness.Map(_app);
        _generations.Map(_app);
    }

    private StreamRegistry Streams => _app.Services.GetRequiredService<StreamRegistry>();

    private StreamScheduler Scheduler => _app.Services.GetRequiredService<StreamScheduler>();

    /// <param name="options">
    /// Options of the library, as <c>--GaiPipelines:Name=value</c>; <c>--SendBuffer=bytes</c>, what the system may hold for a connection;
    /// <c>--MaxConcurrentConnections=number</c>; <c>--ConnectionStrings:Streams=...</c> and <c>--Schema=name</c>, where other nodes find its streams.
    /// </param>
    public static int Run(string[] options)
    {
        using var server = new ServerRole(options);
        server.Listen();
        return 0;
    }

    public void Dispose() => _problems.Dispose();

    private void Listen()
    {
        _app.StartAsync().GetAwaiter().GetResult();
        IEnumerable<int> ports = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(static address => new Uri(address).Port);
        Answer(string.Join(' ', ports));
        while (Console.ReadLine() is { } line)
        {
            Answer(line.Split(' ') switch
            {
                ["state"] => JsonSerializer.Serialize(State(), HostJson.Default.ServerState),
                ["heap"] => Heap(),
                ["threads", string count] => MakeThreads(int.Parse(count, CultureInfo.InvariantCulture)),
                ["starve", string seconds] => Starve(TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture))),
                ["stop"] => Stop(),
                ["give", string key, string events] => Give(key, Wire.Count(events)),
                ["started"] => _generations.Started.ToString(CultureInfo.InvariantCulture),
                _ => $"unknown: {line}",
            });
        }
    }

    private static void Answer(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }

    private ServerState State() => new(
        Streams.Count,
        Scheduler.EntryCount,
        DetachedSources.Count,
        _witness.Started,
        _witness.Disposed,
        _witness.Given,
        _witness.RegistrationsLeft,
        new(_witness.Outcomes.ToDictionary(static one => one.Key.ToString(), static one => one.Value)),
        [.. _problems.All]);

    /// <summary>The bytes of all objects that are reachable, and how many of them are pinned: the blocks of the server's pools, also those that nobody uses.</summary>
    private static string Heap()
    {
        const int Pinned = 4; // after generations 0 to 2 and the large objects
        for (int i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        // As it was when the last collection had ended: what sources that run have made since is not held by anybody.
        GCMemoryInfo heap = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        return string.Create(CultureInfo.InvariantCulture, $"{heap.HeapSizeBytes - heap.FragmentedBytes} {heap.GenerationInfo[Pinned].SizeAfterBytes}");
    }

    /// <summary>Makes so many threads of the pool, and lets it make no others.</summary>
    private static string MakeThreads(int count)
    {
        ThreadPool.SetMinThreads(count, count);
        ThreadPool.SetMaxThreads(count, count);
        using (new KeptThreads(count))
        {
            return "made";
        }
    }

    /// <summary>Keeps all threads of the pool for a time, and lets it make no others.</summary>
    private static string Starve(TimeSpan time)
    {
        ThreadPool.GetMinThreads(out int threads, out int ports);
        ThreadPool.GetMaxThreads(out int most, out int mostPorts);
        ThreadPool.SetMaxThreads(threads, ports);
        using (new KeptThreads(threads))
        {
            Answer("starved");

            // The fault itself lasts so long; nothing else can run that would tell of its end.
            Thread.Sleep(time);
        }

        ThreadPool.SetMaxThreads(most, mostPorts);
        return "fed";
    }

    private string Give(string key, int events)
    {
        _generations.Give(key, events);
        return "given";
    }

    /// <summary>Stops the host as a signal would, and says how many milliseconds that took.</summary>
    private string Stop()
    {
        long start = Stopwatch.GetTimestamp();
        _app.StopAsync().GetAwaiter().GetResult();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds.ToString("F1", CultureInfo.InvariantCulture);
    }

    /// <summary>Threads of the pool that do nothing until it is disposed of.</summary>
    private sealed class KeptThreads : IDisposable
    {
        private readonly ManualResetEventSlim _over = new();
        private readonly CountdownEvent _free;

        public KeptThreads(int count)
        {
            _free = new CountdownEvent(count);
            using var kept = new CountdownEvent(count);
            for (int i = 0; i < count; i++)
            {
                ThreadPool.UnsafeQueueUserWorkItem(
                    static both =>
                    {
                        both.kept.Signal();
                        both.Item1._over.Wait();
                        both.Item1._free.Signal();
                    },
                    (this, kept),
                    preferLocal: false);
            }

            kept.Wait();
        }

        public void Dispose()
        {
            _over.Set();
            _free.Wait();
            _over.Dispose();
            _free.Dispose();
        }
    }

    private sealed class Problems : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> All { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                All.Enqueue($"{eventId.Name}: {formatter(state, exception)} {exception?.Message}");
            }
        }

        public void Dispose()
        {
        }
    }
}
