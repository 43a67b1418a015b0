using System.Text.Json;

namespace Gai.Pipelines.Perf;

/// <summary>The files of a report folder.</summary>
public static class ReportFiles
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Reads the newest file that a verb leaves when it has run, and says in which folder it is.</summary>
    /// <param name="name">The verb.</param>
    /// <param name="folder">The name of the only folder to look in; <see langword="null"/> looks in all.</param>
    /// <param name="read">Reads the text of a file.</param>
    /// <param name="info">Says when a run took place.</param>
    public static (T Run, string Folder)? NewestRun<T>(string name, string? folder, Func<string, T> read, Func<T, RunInfo> info)
    {
        if (!Directory.Exists(Repository.Reports))
        {
            return null;
        }

        var runs = Directory.EnumerateFiles(Repository.Reports, $"{name}.run.json", SearchOption.AllDirectories)
            .Select(file => (Run: read(File.ReadAllText(file)), Folder: Path.GetDirectoryName(file)!))
            .Where(run => folder is null || Path.GetFileName(run.Folder) == folder)
            .OrderBy(run => info(run.Run).Time)
            .ToList();
        return runs.Count == 0 ? null : runs[^1];
    }

    /// <summary>Writes a file of a report, legible for people.</summary>
    public static void Write<T>(string file, T value) => File.WriteAllText(file, JsonSerializer.Serialize(value, Indented) + "\n");
}
