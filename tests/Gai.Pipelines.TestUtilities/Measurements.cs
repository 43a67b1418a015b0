using System.Diagnostics.Metrics;

namespace Gai.Pipelines.TestUtilities;

/// <summary>Listens to the meters of one owner, so that tests that run beside each other do not hear each other.</summary>
public sealed class Measurements : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<(string Instrument, double Value, string Tags)> _heard = [];
    private readonly MeterListener _listener;

    /// <summary>Begins to listen.</summary>
    /// <param name="scope">The scope of the meters.</param>
    public Measurements(object scope)
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, scope))
                {
                    lock (_lock)
                    {
                        Units[instrument.Name] = instrument.Unit;
                    }

                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Hear(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Hear(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Hear(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Gets the units of all instruments.</summary>
    public SortedDictionary<string, string?> Units { get; } = new(StringComparer.Ordinal);

    /// <summary>Gives what an instrument was told, in order.</summary>
    public double[] Of(string instrument)
    {
        lock (_lock)
        {
            return [.. _heard.Where(one => one.Instrument == instrument).Select(one => one.Value)];
        }
    }

    /// <summary>Gives the tags of what an instrument was told, as <c>name=value</c>.</summary>
    public string[] TagsOf(string instrument)
    {
        lock (_lock)
        {
            return [.. _heard.Where(one => one.Instrument == instrument).Select(one => one.Tags)];
        }
    }

    /// <summary>Asks the instruments that are observed.</summary>
    public void Observe() => _listener.RecordObservableInstruments();

    public void Dispose() => _listener.Dispose();

    private void Hear(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string written = string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}").Order(StringComparer.Ordinal));
        lock (_lock)
        {
            _heard.Add((instrument.Name, value, written));
        }
    }
}
