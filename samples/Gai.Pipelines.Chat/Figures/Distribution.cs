namespace Gai.Pipelines.Chat.Figures;

/// <summary>Counts values in buckets, and estimates quantiles from them: within a bucket values are taken to lie evenly.</summary>
/// <param name="bounds">The upper bounds of the buckets, in order. What is above the last lies between it and the greatest value.</param>
internal sealed class Distribution(double[] bounds)
{
    private readonly long[] _counts = new long[bounds.Length + 1];
    private long _count;
    private double _sum;
    private double _min = double.MaxValue;
    private double _max = double.MinValue;

    public void Add(double value)
    {
        int at = Array.BinarySearch(bounds, value);
        _counts[at < 0 ? ~at : at]++;
        _count++;
        _sum += value;
        _min = Math.Min(_min, value);
        _max = Math.Max(_max, value);
    }

    public DistributionDocument Read() =>
        _count == 0 ? new DistributionDocument(0, 0, 0, 0, 0) : new DistributionDocument(_count, _sum, _max, Quantile(0.5), Quantile(0.99));

    private double Quantile(double share)
    {
        double rank = share * _count;
        double below = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            if (_counts[i] > 0 && below + _counts[i] >= rank)
            {
                // No value lies outside of those that were seen, wherever the bounds are.
                double from = Math.Max(_min, i == 0 ? _min : bounds[i - 1]);
                double to = Math.Min(_max, i == bounds.Length ? _max : bounds[i]);
                return from + ((to - from) * ((rank - below) / _counts[i]));
            }

            below += _counts[i];
        }

        return _max;
    }
}
