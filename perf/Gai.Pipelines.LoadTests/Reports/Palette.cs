using System.Globalization;
using System.Text;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>The colors of the charts: a server has the same one everywhere, in a light and a dark theme.</summary>
internal static class Palette
{
    private const string Other = "c7";

    // Light, dark. Our own is blue and what we are set against is orange; floors, which are no choice of anybody, are grey.
    private static readonly (string Class, string Light, string Dark)[] Colors =
    [
        ("c1", "#2a78d6", "#3987e5"),
        ("c2", "#d95926", "#eb6834"),
        ("c3", "#1a8f63", "#1baf7a"),
        ("c4", "#4a3aa7", "#9085e9"),
        ("c5", "#b87d00", "#c98500"),
        ("c6", "#c24d80", "#d55181"),
        (Other, "#6e6c68", "#a3a19b"),
    ];

    /// <summary>The style of a drawing.</summary>
    public static string Style { get; } = MakeStyle();

    /// <summary>The class of a server's color.</summary>
    public static string Of(string contender) => contender switch
    {
        Cases.Gai => "c1",
        Cases.GaiWindow10 or Cases.GaiWindow50 or Cases.GaiChannel or Cases.GaiPull or Cases.GaiTyped => "c4",
        Cases.Framework or Cases.Json => "c2",
        Cases.Good => "c3",
        Cases.GoodWindow10 or Cases.GoodWindow50 => "c5",
        Cases.Hand => "c6",
        _ => Other,
    };

    private static string MakeStyle()
    {
        var style = new StringBuilder(
            "svg{font-family:system-ui,-apple-system,'Segoe UI',sans-serif}" +
            ".surface{fill:#fcfcfb}.title{font-size:16px;font-weight:600;fill:#0b0b0b}.note{font-size:12px;fill:#52514e}.label{font-size:12px;fill:#52514e}.value{font-size:12px;fill:#0b0b0b}" +
            ".grid{stroke:#e2e1dc;stroke-width:1}.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}");
        foreach ((string name, string light, _) in Colors)
        {
            style.Append(CultureInfo.InvariantCulture, $".fill.{name}{{fill:{light}}}.line.{name}{{stroke:{light}}}");
        }

        style.Append("@media(prefers-color-scheme:dark){.surface{fill:#1a1a19}.title,.value{fill:#fff}.note,.label{fill:#c3c2b7}.grid{stroke:#383835}");
        foreach ((string name, _, string dark) in Colors)
        {
            style.Append(CultureInfo.InvariantCulture, $".fill.{name}{{fill:{dark}}}.line.{name}{{stroke:{dark}}}");
        }

        return style.Append('}').ToString();
    }
}
