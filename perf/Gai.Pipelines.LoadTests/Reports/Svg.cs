using System.Globalization;
using System.Net;
using System.Text;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>Writes a drawing that stands on its own: no scripts, no fonts, and colors that follow the reader's theme.</summary>
internal sealed class Svg(double width, double height, string title)
{
    private readonly StringBuilder _content = new();

    /// <summary>Draws a text.</summary>
    /// <param name="kind">Its class: <c>title</c>, <c>note</c>, <c>label</c> or <c>value</c>.</param>
    /// <param name="anchor">Where it hangs: <c>start</c>, <c>middle</c> or <c>end</c>.</param>
    public void Text(double x, double y, string text, string kind, string anchor = "start") =>
        _content.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" class=\"{kind}\" text-anchor=\"{anchor}\">{WebUtility.HtmlEncode(text)}</text>");

    /// <summary>Draws a line of the grid.</summary>
    public void Grid(double x1, double y1, double x2, double y2) =>
        _content.AppendLine(CultureInfo.InvariantCulture, $"<line x1=\"{x1:0.#}\" y1=\"{y1:0.#}\" x2=\"{x2:0.#}\" y2=\"{y2:0.#}\" class=\"grid\"/>");

    /// <summary>Draws a bar that grows from the left; its far end is rounded.</summary>
    public void Bar(double x, double y, double length, double thickness, string color, string tip)
    {
        double radius = Math.Min(4, Math.Min(length, thickness / 2));
        _content.AppendLine(
            CultureInfo.InvariantCulture,
            $"<path d=\"M{x:0.##},{y:0.##}h{length - radius:0.##}q{radius:0.##},0 {radius:0.##},{radius:0.##}v{thickness - (2 * radius):0.##}q0,{radius:0.##} -{radius:0.##},{radius:0.##}h-{length - radius:0.##}z\" class=\"fill {color}\"><title>{WebUtility.HtmlEncode(tip)}</title></path>");
    }

    /// <summary>Draws a line through points.</summary>
    public void Line(IReadOnlyList<(double X, double Y)> points, string color, bool hasMarks)
    {
        string path = string.Join(' ', points.Select(static point => string.Create(CultureInfo.InvariantCulture, $"{point.X:0.##},{point.Y:0.##}")));
        _content.AppendLine(CultureInfo.InvariantCulture, $"<polyline points=\"{path}\" class=\"line {color}\"/>");
        foreach ((double x, double y) in hasMarks ? points : [])
        {
            _content.AppendLine(CultureInfo.InvariantCulture, $"<circle cx=\"{x:0.##}\" cy=\"{y:0.##}\" r=\"4\" class=\"fill {color}\"/>");
        }
    }

    /// <summary>The drawing.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:0} {height:0}" width="{width:0}" height="{height:0}" role="img" aria-label="{WebUtility.HtmlEncode(title)}">
        <title>{WebUtility.HtmlEncode(title)}</title>
        <style>{Palette.Style}</style>
        <rect width="100%" height="100%" class="surface"/>
        {_content}</svg>

        """);
}
