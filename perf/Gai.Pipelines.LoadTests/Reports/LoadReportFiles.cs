using Spectre.Console;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>Keeps reports: <c>load.&lt;case&gt;.run.json</c> in the folder of the date and commit.</summary>
internal static class LoadReportFiles
{
    private const string Nowhere = "none";

    /// <summary>Writes a report.</summary>
    /// <param name="report">The report.</param>
    /// <param name="folder">Where to; <see langword="null"/> is the folder of the commit, <c>none</c> nowhere.</param>
    public static void Save(LoadReport report, string? folder)
    {
        if (folder == Nowhere)
        {
            return;
        }

        folder ??= Path.Combine(Repository.Reports, report.Info.FolderName);
        Directory.CreateDirectory(folder);
        string file = ReportSet.FileOf(folder, report.Case.Name);
        ReportFiles.Write(file, report);
        AnsiConsole.WriteLine($"Wrote {Path.GetRelativePath(Repository.Root, file)}.");
    }
}
