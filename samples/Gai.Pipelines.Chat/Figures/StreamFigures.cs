using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Gai.Pipelines.Chat.Figures;

/// <summary>Sums up what the library's meter tells, since it was made.</summary>
/// <remarks>The library measures once a flush and never once an event, so to listen all the time costs little.</remarks>
public sealed class StreamFigures : IDisposable
{
    public const string MeterName = "Gai.Pipelines";

    private readonly ConcurrentDictionary<string, Figure> _figures = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly MeterListener _listener;

    public StreamFigures(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                // Of this application only: a process can have several.
                if (instrument.Meter.Name == MeterName && ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    listener.EnableMeasurementEvents(instrument, _figures.GetOrAdd(instrument.Name, static (_, made) => new Figure(made), instrument));
                }
            },
        };
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, figure) => ((Figure)figure!).Hear(value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, figure) => ((Figure)figure!).Hear(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, figure) => ((Figure)figure!).Hear(value, tags));
        _listener.Start();
    }

    public FiguresDocument Read()
    {
        _listener.RecordObservableInstruments();
        var read = new SortedDictionary<string, FigureDocument>(StringComparer.Ordinal);
        foreach ((string name, Figure figure) in _figures)
        {
            read.Add(name, figure.Read());
        }

        return new FiguresDocument(_time.GetElapsedTime(_start).TotalSeconds, read);
    }

    public void Dispose() => _listener.Dispose();
}
