namespace Gai.Pipelines.Perf;

/// <summary>PERFORMANCE.md: its text is written by people, what stands between markers by programs.</summary>
public sealed class PerformanceFile
{
    private static readonly string Path = System.IO.Path.Combine(Repository.Root, "PERFORMANCE.md");

    private string _text = File.ReadAllText(Path);

    /// <summary>Replaces what stands between the markers of a name.</summary>
    /// <exception cref="InvalidOperationException">The file has no such markers.</exception>
    public void Replace(string name, string table)
    {
        string begin = $"<!-- generated: {name} -->";
        const string End = "<!-- /generated -->";
        int from = _text.IndexOf(begin, StringComparison.Ordinal);
        int to = from < 0 ? -1 : _text.IndexOf(End, from, StringComparison.Ordinal);
        if (to < 0)
        {
            throw new InvalidOperationException($"PERFORMANCE.md has no region from '{begin}' to '{End}'; put the markers where the table belongs.");
        }

        _text = string.Concat(_text.AsSpan(0, from + begin.Length), "\n", table, _text.AsSpan(to));
    }

    /// <summary>Writes the file.</summary>
    public void Save() => File.WriteAllText(Path, _text);
}
