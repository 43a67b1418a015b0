using System.Diagnostics;
using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;

namespace Gai.Pipelines.Benchmarks.Ticks;

/// <summary>Reads the counters of another .NET process through its diagnostics port, ten times a second; the process needs no code for it.</summary>
internal sealed class HeapSampler : IDisposable
{
    private readonly EventPipeSession _session;
    private readonly EventPipeEventSource _events;
    private readonly Thread _reader;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Lock _lock = new();
    private readonly List<HeapSample> _samples = [];
    private HeapSample _next = new(0, 0, 0, 0);

    public HeapSampler(int processId)
    {
        _session = new DiagnosticsClient(processId).StartEventPipeSession(
            [new EventPipeProvider("System.Runtime", EventLevel.Informational, 0, new Dictionary<string, string> { ["EventCounterIntervalSec"] = "0.1" })],
            requestRundown: false);
        _events = new EventPipeEventSource(_session.EventStream);
        _events.Dynamic.All += OnEvent;
        _reader = new Thread(Read) { IsBackground = true };
        _reader.Start();
    }

    public double Seconds => Stopwatch.GetElapsedTime(_start).TotalSeconds;

    public IReadOnlyList<HeapSample> Samples
    {
        get
        {
            lock (_lock)
            {
                return [.. _samples];
            }
        }
    }

    public void Dispose()
    {
        try
        {
            _session.Stop();
        }
        catch (Exception failure) when (failure is IOException or ServerNotAvailableException or EndOfStreamException)
        {
            // The process has ended before.
        }

        _reader.Join(TimeSpan.FromSeconds(5));
        _events.Dispose();
        _session.Dispose();
    }

    private void Read()
    {
        try
        {
            _events.Process();
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or EndOfStreamException)
        {
            // The process has ended.
        }
    }

    private void OnEvent(TraceEvent found)
    {
        if (found.EventName != "EventCounters")
        {
            return;
        }

        var counter = (IDictionary<string, object>)((IDictionary<string, object>)found.PayloadValue(0))["Payload"];
        switch ((string)counter["Name"])
        {
            case "gc-heap-size":
                _next = _next with { HeapMegabytes = (double)counter["Mean"] };
                break;
            case "working-set":
                _next = _next with { WorkingSetMegabytes = (double)counter["Mean"] };
                break;
            case "alloc-rate":
                _next = _next with { AllocatedBytes = (double)counter["Increment"] };
                break;
            case "time-in-gc":
                // Counters come in a fixed order, many at a time; a sample is complete when this one has come again.
                lock (_lock)
                {
                    _samples.Add(_next with { Seconds = Seconds });
                }

                break;
        }
    }
}

/// <summary>The counters of one moment: the managed heap with what is not collected yet, and what was allocated since the last sample.</summary>
internal sealed record HeapSample(double Seconds, double HeapMegabytes, double WorkingSetMegabytes, double AllocatedBytes);
