using System.Numerics;

namespace Gai.Pipelines.LoadTests.Measuring;

/// <summary>Counts values in buckets that grow with them, so that every one is known to within a hundredth of itself, in memory that does not grow.</summary>
/// <remarks>Values up to 255 have a bucket each; above, every power of two has 128. Not thread-safe: each thread has its own, and they are added up.</remarks>
internal sealed class Histogram
{
    private const int SubBits = 7;
    private const int SubBuckets = 1 << SubBits;
    private const int Buckets = (64 - SubBits) * SubBuckets;

    private readonly long[] _counts = new long[Buckets];

    /// <summary>How many values there are.</summary>
    public long Count { get; private set; }

    /// <summary>The greatest value; zero if there is none.</summary>
    public long Max { get; private set; }

    /// <summary>Counts a value.</summary>
    /// <param name="value">The value; negative ones count as zero.</param>
    public void Record(long value)
    {
        value = Math.Max(0, value);
        _counts[BucketOf(value)]++;
        Count++;
        Max = Math.Max(Max, value);
    }

    /// <summary>Counts all values of another one as well.</summary>
    public void Add(Histogram other)
    {
        for (int i = 0; i < Buckets; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        Max = Math.Max(Max, other.Max);
    }

    /// <summary>Gets the value that a share of all values does not exceed.</summary>
    /// <param name="share">From 0 to 1.</param>
    /// <returns>The upper bound of its bucket, at most <see cref="Max"/>; zero if there is no value.</returns>
    public long Quantile(double share)
    {
        long rank = Math.Clamp((long)Math.Ceiling(share * Count), 1, Math.Max(1, Count));
        long seen = 0;
        for (int i = 0; i < Buckets; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                return Math.Min(UpperBound(i), Max);
            }
        }

        return 0;
    }

    /// <summary>Gets the buckets that are not empty, for a file.</summary>
    public HistogramData ToData() => new(
        Count,
        Max,
        [.. Enumerable.Range(0, Buckets).Where(bucket => _counts[bucket] > 0).Select(bucket => new long[] { UpperBound(bucket), _counts[bucket] })]);

    /// <summary>Makes a histogram of a file's.</summary>
    public static Histogram Of(HistogramData data)
    {
        var histogram = new Histogram { Count = data.Count, Max = data.Max };
        foreach (long[] bucket in data.Buckets)
        {
            histogram._counts[BucketOf(bucket[0])] += bucket[1];
        }

        return histogram;
    }

    private static int BucketOf(long value)
    {
        int shift = Math.Max(0, 63 - SubBits - BitOperations.LeadingZeroCount((ulong)value));
        return (shift << SubBits) + (int)(value >> shift);
    }

    /// <summary>The greatest value of a bucket.</summary>
    private static long UpperBound(int bucket)
    {
        int shift = Math.Max(0, (bucket >> SubBits) - 1);
        long first = (long)(bucket - (shift << SubBits)) << shift;
        return first + (1L << shift) - 1;
    }
}

/// <summary>A histogram in a file.</summary>
/// <param name="Count">How many values.</param>
/// <param name="Max">The greatest.</param>
/// <param name="Buckets">Pairs: the greatest value of a bucket, and how many are in it. Empty buckets are left out.</param>
internal sealed record HistogramData(long Count, long Max, IReadOnlyList<long[]> Buckets)
{
    /// <summary>A histogram without values.</summary>
    public static HistogramData Empty { get; } = new(0, 0, []);
}
