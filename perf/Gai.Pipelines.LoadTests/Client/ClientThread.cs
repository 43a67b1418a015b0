using System.Collections.Concurrent;
using System.Net;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>One thread that opens and reads streams, any number of them.</summary>
internal sealed class ClientThread : IDisposable
{
    private readonly ConcurrentQueue<ClientStream> _opened = new();
    private readonly PriorityQueue<ITimed, long> _schedule = new();
    private readonly HashSet<Connection> _connections = [];
    private readonly List<Http2Connection> _shared = [];
    private readonly ClientSettings _settings;
    private readonly Thread _thread;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(256 * 1024, pinned: true);
    private volatile bool _isOver;
    private int _source;
    private long _events;
    private long _heads;
    private long _ended;

    public ClientThread(ClientSettings settings, int number)
    {
        _settings = settings;
        Sockets = SocketSet.Create(settings.Waiting);
        _thread = new Thread(Run) { IsBackground = true, Name = $"client {number}" };
        _thread.Start();
    }

    public SocketSet Sockets { get; }

    public IPEndPoint Server => _settings.Server;

    /// <summary>What is received goes here first; it is good until the next call.</summary>
    public Span<byte> Buffer => _buffer;

    /// <summary>How late events came, in microseconds. Only to be read when no stream is open.</summary>
    public Histogram Latency { get; } = new();

    /// <summary>How long the first byte took, in microseconds. Only to be read when no stream is open.</summary>
    public Histogram FirstByte { get; } = new();

    /// <summary>Events so far; any thread may ask.</summary>
    public long Events => Volatile.Read(ref _events);

    /// <summary>How many responses have begun.</summary>
    public long Heads => Volatile.Read(ref _heads);

    /// <summary>How many streams are over.</summary>
    public long Ended => Volatile.Read(ref _ended);

    /// <summary>Opens a stream when it is due.</summary>
    public Task<StreamResult> OpenAsync(StreamRequest request)
    {
        var stream = new ClientStream(this, request);
        _opened.Enqueue(stream);
        Sockets.Wake();
        return stream.Result;
    }

    /// <summary>Has something done at a time.</summary>
    public void Schedule(ITimed timed, long due) => _schedule.Enqueue(timed, due);

    /// <summary>The next address to come from, if there shall be several.</summary>
    public IPAddress? NextSource() => _settings.Sources.Count == 0 ? null : _settings.Sources[_source++ % _settings.Sources.Count];

    public void OnEvents(long events) => Volatile.Write(ref _events, _events + events);

    public void OnHead() => Volatile.Write(ref _heads, _heads + 1);

    public void OnEnded() => Volatile.Write(ref _ended, _ended + 1);

    /// <summary>A connection is of no more use.</summary>
    public void Forget(Connection connection)
    {
        _connections.Remove(connection);
        if (connection is Http2Connection shared)
        {
            _shared.Remove(shared);
        }
    }

    /// <summary>Leaves all streams.</summary>
    public void Dispose()
    {
        if (!_isOver)
        {
            _isOver = true;
            Sockets.Wake();
            _thread.Join();

            // Not on its own thread: what wakes it must not write to a descriptor that is closed, and may be another one by then.
            Sockets.Dispose();
        }
    }

    private void Run()
    {
        while (!_isOver)
        {
            TakeOpened();
            RunDue();
            Sockets.Wait(_schedule.TryPeek(out _, out long due) ? Math.Max(0, due - Clock.Now) : -1);
        }

        TakeOpened();
        foreach (Connection connection in _connections.ToArray())
        {
            connection.Leave();
        }

        while (_schedule.TryDequeue(out ITimed? timed, out _))
        {
            (timed as StreamStart)?.Stream.OnLeave();
        }
    }

    private void TakeOpened()
    {
        while (_opened.TryDequeue(out ClientStream? stream))
        {
            if (stream.Due > Clock.Now)
            {
                Schedule(new StreamStart(this, stream), stream.Due);
            }
            else
            {
                Start(stream);
            }
        }
    }

    private void RunDue()
    {
        while (_schedule.TryPeek(out ITimed? timed, out long due) && due <= Clock.Now)
        {
            _schedule.Dequeue();
            timed.OnTime();
        }
    }

    private void Start(ClientStream stream)
    {
        try
        {
            if (_settings.Protocol == Protocol.Http2)
            {
                SharedConnection(stream.Request.ReadRate > 0).Open(stream);
            }
            else
            {
                var connection = new Http1Connection(this, stream);
                _connections.Add(connection);
                connection.Start();
            }
        }
        catch (Exception failure) when (failure is System.ComponentModel.Win32Exception or System.Net.Sockets.SocketException)
        {
            stream.OnFailure(failure.Message);
        }
    }

    /// <summary>A connection with room for one more stream.</summary>
    private Http2Connection SharedConnection(bool isAlone)
    {
        Http2Connection? found = isAlone ? null : _shared.Find(static connection => connection.HasRoom);
        if (found is null)
        {
            found = new Http2Connection(this);
            found.Start(isAlone);
            _connections.Add(found);
            if (!isAlone)
            {
                _shared.Add(found);
            }
        }

        return found;
    }

    private sealed class StreamStart(ClientThread thread, ClientStream stream) : ITimed
    {
        public ClientStream Stream => stream;

        public void OnTime() => thread.Start(stream);
    }
}

/// <summary>Something that happens at a time, on the client's thread.</summary>
internal interface ITimed
{
    /// <summary>It is time.</summary>
    void OnTime();
}
