using System.CommandLine;
using Gai.Pipelines.LoadTests.Commands;
using Gai.Pipelines.LoadTests.Scenarios;
using Gai.Pipelines.LoadTests.Servers;
using Spectre.Console;

// The server under test is this program too, started by itself.
if (args is [ServerHost.Verb, string contender, string format])
{
    return await ServerHost.RunAsync(contender, format);
}

if (!AnsiConsole.Profile.Capabilities.Interactive)
{
    AnsiConsole.Profile.Width = 200; // a file or a pipe has no width of its own
}

var root = new RootCommand(HelpText.Description);
foreach (IScenario scenario in ScenarioList.All)
{
    root.Subcommands.Add(ScenarioCommand.Create(scenario));
}

root.Subcommands.Add(CompareCommand.Create());
root.Subcommands.Add(ReportCommand.Create());

try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception mistake) when (mistake is ArgumentException or FormatException)
{
    await Console.Error.WriteLineAsync(mistake.Message);
    return 2;
}
