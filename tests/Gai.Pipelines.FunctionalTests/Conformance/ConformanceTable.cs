using System.Globalization;
using System.Text;

namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>Writes down who can do what, for docs/dialects.md.</summary>
internal static class ConformanceTable
{
    private const string Begin = "<!-- conformance: written by ConformanceTableTests, do not edit -->";
    private const string End = "<!-- conformance: end -->";

    public static string Of(IReadOnlyDictionary<ConformanceClient, Outcomes> outcomes)
    {
        var table = new StringBuilder();
        List<string> reasons = [];
        table.Append("| client | endpoint |").AppendJoin("", ConformanceCase.All.Select(test => $" {test.Column} |")).Append('\n');
        table.Append("|---|---|").Insert(table.Length, "---|", ConformanceCase.All.Count).Append('\n');
        foreach (ConformanceClient client in ConformanceClients.All)
        {
            table.Append(CultureInfo.InvariantCulture, $"| {client.Title} | {client.Endpoint} |");
            foreach (ConformanceCase test in ConformanceCase.All)
            {
                table.Append(CultureInfo.InvariantCulture, $" {Cell(client, test)} |");
            }

            table.Append('\n');
        }

        table.Append("\nThe columns:\n");
        foreach (ConformanceCase test in ConformanceCase.All)
        {
            table.Append(CultureInfo.InvariantCulture, $"- *{test.Column}*: {test.Meaning}\n");
        }

        table.Append("\nWhat a client cannot do:\n");
        for (int i = 0; i < reasons.Count; i++)
        {
            table.Append(CultureInfo.InvariantCulture, $"- {Letter(i)}: {reasons[i]}\n");
        }

        return table.ToString();

        string Cell(ConformanceClient client, ConformanceCase test)
        {
            if (client.CannotDo.TryGetValue(test.Name, out string? reason))
            {
                int known = reasons.IndexOf(reason);
                if (known < 0)
                {
                    known = reasons.Count;
                    reasons.Add(reason);
                }

                return Letter(known);
            }

            return outcomes[client].Failures[test.Name] is null ? "✓" : "**✗**";
        }
    }

    /// <summary>Puts a table in the place that a document has for it.</summary>
    public static string PutInto(string document, string table)
    {
        int begin = document.IndexOf(Begin, StringComparison.Ordinal);
        int end = document.IndexOf(End, StringComparison.Ordinal);
        return begin >= 0 && end > begin
            ? $"{document[..(begin + Begin.Length)]}\n{table}{document[end..]}"
            : throw new InvalidOperationException($"The document has no place for the table: the lines \"{Begin}\" and \"{End}\".");
    }

    private static string Letter(int index) => ((char)('a' + index)).ToString();
}
