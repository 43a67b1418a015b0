using System.Diagnostics.Metrics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Gai.Pipelines.Chat.Figures;

/// <summary>Sums up one instrument. Streams tell it on any thread.</summary>
internal sealed class Figure(Instrument instrument)
{
    private readonly Lock _lock = new();
    private readonly Distribution? _distribution = instrument switch
    {
        Histogram<double> seconds => new Distribution([.. seconds.Advice?.HistogramBucketBoundaries ?? []]),
        Histogram<long> counts => new Distribution([.. (counts.Advice?.HistogramBucketBoundaries ?? []).Select(static bound => (double)bound)]),
        _ => null,
    };

    private readonly Dictionary<string, Dictionary<string, double>> _by = new(StringComparer.Ordinal);
    private double _value;

    public void Hear(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_lock)
        {
            _distribution?.Add(value);
            _value = instrument.IsObservable ? value : _value + value;
            foreach ((string tag, object? of) in tags)
            {
                CountBy(tag, Convert.ToString(of, CultureInfo.InvariantCulture) ?? string.Empty, _distribution is null ? value : 1);
            }
        }
    }

    public FigureDocument Read()
    {
        lock (_lock)
        {
            return new FigureDocument(
                instrument.Unit,
                _distribution is null ? _value : null,
                _distribution?.Read(),
                _by.Count == 0 ? null : _by.ToDictionary(static tag => tag.Key, static tag => (IReadOnlyDictionary<string, double>)new Dictionary<string, double>(tag.Value)));
        }
    }

    private void CountBy(string tag, string of, double count)
    {
        ref Dictionary<string, double>? values = ref CollectionsMarshal.GetValueRefOrAddDefault(_by, tag, out _);
        values ??= new Dictionary<string, double>(StringComparer.Ordinal);
        CollectionsMarshal.GetValueRefOrAddDefault(values, of, out _) += count;
    }
}
