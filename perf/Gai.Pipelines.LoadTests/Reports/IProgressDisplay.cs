using System.Globalization;
using Gai.Pipelines.LoadTests.Measuring;
using Spectre.Console;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>Shows that something goes on.</summary>
internal interface IProgressDisplay
{
    /// <summary>Runs something that says how far it is, from 0 to 1.</summary>
    Task<T> ShowAsync<T>(string title, Func<Action<double>, Task<T>> work);

    /// <summary>Says in a line what a run has brought.</summary>
    void Say(RunFigures run);
}

/// <summary>A bar in a terminal; elsewhere a line for each run.</summary>
internal sealed class ProgressDisplay : IProgressDisplay
{
    public async Task<T> ShowAsync<T>(string title, Func<Action<double>, Task<T>> work)
    {
        if (!AnsiConsole.Profile.Capabilities.Interactive)
        {
            AnsiConsole.WriteLine(title);
            return await work(static _ => { });
        }

        return await AnsiConsole.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(title), maxValue: 1);
                return await work(share => task.Value = share);
            });
    }

    public void Say(RunFigures run)
    {
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"  {run.Contender,-28} {run.EventsPerSecond,12:#,0} events/s {run.CpuPerEvent,8:0.000} µs CPU {Metric.Allocated.Of(run),8:0.0} B allocated, p99 {run.LatencyAt(0.99),8:0.000} ms, client {run.Client.Share:0%}");
        AnsiConsole.WriteLine(text);
        foreach (string problem in run.Problems)
        {
            AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"  [red]failed: {problem}[/]");
        }

        foreach (string doubt in run.Doubts)
        {
            AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"  [yellow]doubtful: {doubt}[/]");
        }
    }
}
