using System.Xml.Linq;
using Gai.Pipelines.LoadTests.Reports;

namespace Gai.Pipelines.LoadTests.Tests.Reports;

public sealed class ChartTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(0.0004)]
    [InlineData(7)]
    [InlineData(123_456)]
    public void FromZero_AnyValue_HasRoomAndAFewTicks(double value)
    {
        var axis = Axis.FromZero("µs", [value], "0.##");
        Assert.InRange(axis.Share(value), 0, 1);
        Assert.True(axis.Greatest >= value);
        Assert.InRange(axis.Ticks.Count, 3, 11);
    }

    [Fact]
    public void Logarithmic_EqualRatios_AreEqualDistances()
    {
        var axis = Axis.Logarithmic("ms", [0.3, 700]);
        Assert.Equal(axis.Share(2) - axis.Share(0.5), axis.Share(40) - axis.Share(10), tolerance: 1e-9);
        Assert.Equal((0.2, 1_000), (axis.Least, axis.Greatest));
    }

    [Fact]
    public void Draw_NamesWithMarkup_IsAWellFormedDrawingWithEachOfThem()
    {
        var chart = new LineChart(
            "A < B & C",
            "note",
            Axis.FromZero("x", [10], "0"),
            Axis.FromZero("y", [10], "0"),
            [new Series("gai", [(0, 1), (10, 10)]), new Series("<other>", [(0, 1), (10, 10)])]);
        XElement drawing = XElement.Parse(chart.Draw());
        string[] texts = [.. drawing.Descendants().Where(static element => element.Name.LocalName == "text").Select(static element => element.Value)];
        Assert.Contains("<other>", texts);
        Assert.Contains("A < B & C", texts);
    }
}
