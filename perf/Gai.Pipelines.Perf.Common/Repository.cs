using System.Diagnostics;

namespace Gai.Pipelines.Perf;

/// <summary>Where this program was built, and from what.</summary>
public static class Repository
{
    private const string Solution = "Pipelines.sln";

    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Where results are kept, a folder for each date and commit.</summary>
    public static string Reports => Path.Combine(Root, "perf", "reports");

    /// <summary>The commit in short, with a plus if files differ from it that are part of the measurement.</summary>
    public static string Commit()
    {
        string commit = Git("rev-parse --short=8 HEAD");
        return Git("status --porcelain -- src samples perf Directory.Build.props Directory.Packages.props :!perf/reports :!perf/*.md").Length == 0
            ? commit
            : commit + "+";
    }

    private static string Git(string arguments)
    {
        using Process git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = Root, RedirectStandardOutput = true })!;
        string output = git.StandardOutput.ReadToEnd().Trim();
        git.WaitForExit();
        return git.ExitCode == 0 ? output : "unknown";
    }

    private static string FindRoot()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, Solution)))
            {
                return folder;
            }
        }

        throw new InvalidOperationException($"No {Solution} above {AppContext.BaseDirectory}; run the program from its repository.");
    }
}
