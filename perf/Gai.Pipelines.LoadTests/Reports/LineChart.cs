namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>Lines over one axis, each named at its end.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Note">How to read it.</param>
/// <param name="X">The horizontal axis.</param>
/// <param name="Y">The vertical axis.</param>
/// <param name="Series">The lines.</param>
internal sealed record LineChart(string Title, string Note, Axis X, Axis Y, IReadOnlyList<Series> Series)
{
    private const double Width = 860;
    private const double Height = 440;
    private const double Left = 64;
    private const double Right = 170;
    private const double Top = 88;
    private const double Bottom = 52;
    private const double LabelHeight = 15;

    /// <summary>Draws it.</summary>
    public string Draw()
    {
        var svg = new Svg(Width, Height, Title);
        svg.Text(16, 28, Title, "title");
        svg.Text(16, 48, Note, "note");
        foreach ((double value, string text) in Y.Ticks)
        {
            svg.Grid(Left, AtY(value), Width - Right, AtY(value));
            svg.Text(Left - 8, AtY(value) + 4, text, "label", "end");
        }

        foreach ((double value, string text) in X.Ticks)
        {
            svg.Text(AtX(value), Height - Bottom + 18, text, "label", "middle");
        }

        svg.Text((Left + Width - Right) / 2, Height - 12, X.Name, "label", "middle");
        svg.Text(Left, Top - 10, Y.Name, "label", "start");
        foreach (Series series in Series)
        {
            svg.Line([.. series.Points.Select(point => (AtX(point.X), AtY(point.Y)))], Palette.Of(series.Name), series.Points.Count <= 12);
        }

        DrawNames(svg);
        return svg.ToString();
    }

    /// <summary>Names the lines where they end, one below the other where they end together.</summary>
    private void DrawNames(Svg svg)
    {
        double last = double.NegativeInfinity;
        foreach (Series series in Series.OrderBy(series => AtY(series.Points[^1].Y)))
        {
            double y = Math.Max(AtY(series.Points[^1].Y), last + LabelHeight);
            last = y;
            double x = Width - Right + 14;
            svg.Bar(x, y - 5, 10, 10, Palette.Of(series.Name), series.Name);
            svg.Text(x + 16, y + 4, series.Name, "value");
        }
    }

    private double AtX(double value) => Left + (X.Share(value) * (Width - Left - Right));

    private double AtY(double value) => Height - Bottom - (Y.Share(value) * (Height - Top - Bottom));
}

/// <summary>A line.</summary>
/// <param name="Name">The server.</param>
/// <param name="Points">Its points, from left to right.</param>
internal sealed record Series(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>An axis.</summary>
/// <param name="Name">What is on it.</param>
/// <param name="Least">Where it begins.</param>
/// <param name="Greatest">Where it ends.</param>
/// <param name="IsLogarithmic">Whether equal distances are equal ratios.</param>
/// <param name="Ticks">Which values are named.</param>
internal sealed record Axis(string Name, double Least, double Greatest, bool IsLogarithmic, IReadOnlyList<(double Value, string Text)> Ticks)
{
    /// <summary>Where a value lies, from 0 to 1.</summary>
    public double Share(double value) => Math.Clamp(
        IsLogarithmic ? Math.Log(Math.Max(value, Least) / Least) / Math.Log(Greatest / Least) : (value - Least) / (Greatest - Least), 0, 1);

    /// <summary>Makes an axis from zero that has room for all values.</summary>
    public static Axis FromZero(string name, IEnumerable<double> values, string format)
    {
        double greatest = values.DefaultIfEmpty().Max();
        greatest = greatest > 0 ? greatest : 1;
        double step = Math.Pow(10, Math.Floor(Math.Log10(greatest)));
        step = greatest / step < 2 ? step / 4 : greatest / step < 5 ? step / 2 : step;
        double top = Math.Ceiling(greatest / step) * step;
        return new Axis(name, 0, top, false, [.. Enumerable.Range(0, (int)Math.Round(top / step) + 1).Select(i => (i * step, (i * step).ToString(format, System.Globalization.CultureInfo.InvariantCulture)))]);
    }

    /// <summary>Makes an axis of powers of ten, with 2 and 5 between them, that has room for all values.</summary>
    public static Axis Logarithmic(string name, IEnumerable<double> values)
    {
        double[] positive = [.. values.Where(static value => value > 0).DefaultIfEmpty(1)];
        double[] steps = [.. Enumerable.Range(-4, 12).SelectMany(static power => new[] { 1.0, 2, 5 }.Select(digit => digit * Math.Pow(10, power)))];
        double least = steps.Last(step => step <= positive.Min());
        double greatest = steps.First(step => step >= positive.Max());
        return new Axis(name, least, Math.Max(greatest, least * 2), true,
            [.. steps.Where(step => step >= least && step <= greatest).Select(static step => (step, step.ToString("#,0.####", System.Globalization.CultureInfo.InvariantCulture)))]);
    }
}
