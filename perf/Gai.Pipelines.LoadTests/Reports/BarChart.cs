using System.Globalization;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>Panels of bars, two beside each other; each panel has its own scale from zero.</summary>
internal sealed record BarChart(string Title, string Note, IReadOnlyList<BarPanel> Panels)
{
    private const double Width = 860;
    private const double Margin = 16;
    private const double Gap = 28;
    private const double Top = 68;
    private const double BarHeight = 18;
    private const double BarStep = 24;
    private const double NameWidth = 120;
    private const double ValueWidth = 64;

    /// <summary>Draws it.</summary>
    public string Draw()
    {
        BarPanel[][] rows = [.. Panels.Chunk(2)];
        double[] heights = [.. rows.Select(static row => 34 + (row.Max(static panel => panel.Bars.Count) * BarStep) + 14)];
        var svg = new Svg(Width, Top + heights.Sum() + 8, Title);
        svg.Text(Margin, 28, Title, "title");
        svg.Text(Margin, 48, Note, "note");
        double y = Top;
        double width = (Width - (2 * Margin) - Gap) / 2;
        for (int row = 0; row < rows.Length; row++)
        {
            for (int column = 0; column < rows[row].Length; column++)
            {
                Draw(svg, rows[row][column], Margin + (column * (width + Gap)), y, width);
            }

            y += heights[row];
        }

        return svg.ToString();
    }

    private static void Draw(Svg svg, BarPanel panel, double x, double y, double width)
    {
        svg.Text(x, y + 14, panel.Title, "value");
        double greatest = panel.Bars.Max(static bar => bar.Value);
        double room = width - NameWidth - ValueWidth;
        for (int i = 0; i < panel.Bars.Count; i++)
        {
            Bar bar = panel.Bars[i];
            double top = y + 28 + (i * BarStep);
            double length = greatest > 0 ? Math.Max(1, bar.Value / greatest * room) : 1;
            string value = bar.Value.ToString(panel.Format, CultureInfo.InvariantCulture);
            svg.Text(x + NameWidth - 8, top + 13, bar.Name, "label", "end");
            svg.Bar(x + NameWidth, top, length, BarHeight, Palette.Of(bar.Name), $"{bar.Name}: {value}");
            svg.Text(x + NameWidth + length + 6, top + 13, value, "value");
        }
    }
}

/// <summary>Bars on one scale.</summary>
/// <param name="Title">What is compared, and which is better.</param>
/// <param name="Format">How a value is written.</param>
/// <param name="Bars">The bars.</param>
internal sealed record BarPanel(string Title, string Format, IReadOnlyList<Bar> Bars);

/// <summary>A bar.</summary>
internal sealed record Bar(string Name, double Value);
