namespace Gai.Pipelines.LoadTests.Measuring;

/// <summary>The median of some figures, and the least and the greatest of them.</summary>
internal readonly record struct Spread(double Median, double Least, double Greatest)
{
    /// <summary>Sums up figures.</summary>
    public static Spread Of(IEnumerable<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        return sorted.Length == 0
            ? default
            : new Spread((sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, sorted[0], sorted[^1]);
    }

    /// <summary>Sums up the ratios of figures that were measured in the same round.</summary>
    public static Spread OfRatios(IReadOnlyList<RunFigures> ours, IReadOnlyList<RunFigures> theirs, Func<RunFigures, double> figure) =>
        Of(ours.Join(theirs, static our => our.Round, static their => their.Round, (our, their) => figure(our) / figure(their)));
}
