using System.Globalization;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Gai.Pipelines.Benchmarks.Reports;

/// <summary>Runs a set of benchmarks in rounds, A B A B, and keeps the results of each in the report folder of the commit.</summary>
/// <remarks>A ratio is taken within a round. So a busy minute of the machine spoils a round and not the comparison.</remarks>
internal static class RunVerb
{
    public static int Run(string name, IReadOnlyList<Type> benchmarks, int rounds)
    {
        RunInfo info = RunInfo.Now();
        string folder = Path.Combine(Repository.Reports, info.FolderName);
        Directory.CreateDirectory(folder);
        foreach (string old in benchmarks.SelectMany(benchmark => Directory.GetFiles(folder, $"{name}.{benchmark.Name}.*.json")))
        {
            File.Delete(old);
        }

        string scratch = Directory.CreateTempSubdirectory("benchmarks").FullName;
        try
        {
            for (int round = 1; round <= rounds; round++)
            {
                Summary[] summaries = BenchmarkRunner.Run([.. benchmarks], Config.Create().WithArtifactsPath(scratch));
                if (summaries.Length != benchmarks.Count || summaries.Any(HasFailed))
                {
                    Console.Error.WriteLine($"Benchmarks failed in round {round}; the output above says which and why.");
                    return 1;
                }

                foreach (Type benchmark in benchmarks)
                {
                    string written = Directory.EnumerateFiles(summaries[0].ResultsDirectoryPath, $"*.{benchmark.Name}-report-brief.json").Single();
                    string kept = string.Create(CultureInfo.InvariantCulture, $"{name}.{benchmark.Name}.{round}.json");
                    File.Move(written, Path.Combine(folder, kept), overwrite: true);
                }
            }
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }

        ReportFiles.Write(Path.Combine(folder, $"{name}.run.json"), info);
        Console.WriteLine($"Wrote perf/reports/{info.FolderName}. `-- report` puts it into PERFORMANCE.md.");
        return 0;
    }

    private static bool HasFailed(Summary summary) =>
        summary.HasCriticalValidationErrors || summary.Reports.Length == 0 || summary.Reports.Any(report => !report.Success);
}
