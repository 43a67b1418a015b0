using System.CommandLine;
using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Engines;
using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Reports;
using Gai.Pipelines.LoadTests.Scenarios;
using Gai.Pipelines.LoadTests.Servers;

namespace Gai.Pipelines.LoadTests.Commands;

/// <summary>The command that runs one scenario against the servers that are named.</summary>
internal sealed class ScenarioCommand
{
    private readonly IScenario _scenario;
    private readonly Option<string> _servers;
    private readonly Option<string?> _format = new("--format") { Description = "sse or ndjson" };
    private readonly Option<string> _protocol = new("--protocol") { Description = "h1 or h2 (without TLS, by prior knowledge)", DefaultValueFactory = static _ => "h1" };
    private readonly Option<int> _rounds = new("--rounds") { Description = "turns of each server", DefaultValueFactory = static _ => 5 };
    private readonly Option<int> _streams;
    private readonly Option<double> _rate;
    private readonly Option<long> _events;
    private readonly Option<double> _seconds;
    private readonly Option<double> _warm;
    private readonly Option<double> _slow;
    private readonly Option<bool> _push = new("--push") { Description = "burst: a producer on another thread, through a channel" };
    private readonly Option<int> _threads = new("--client-threads") { Description = "threads of the client", DefaultValueFactory = static _ => 1 };
    private readonly Option<bool> _quick = new("--quick") { Description = "only see that it works: one short round" };
    private readonly Option<string?> _name = new("--name") { Description = "what the file of the report is called" };
    private readonly Option<string?> _out = new("--out") { Description = "the folder of the report; 'none' keeps nothing. Default: perf/reports/<date>-<commit>" };

    private readonly Option<string> _engine = LoadEngines.Option();

    private ScenarioCommand(IScenario scenario)
    {
        _scenario = scenario;
        LoadSettings defaults = scenario.Defaults;
        _servers = new Option<string>("--servers") { Description = "the servers, with commas; the first is set against the others", DefaultValueFactory = _ => DefaultServers(scenario.Name) };
        _streams = new Option<int>("--streams") { Description = "streams", DefaultValueFactory = _ => defaults.Streams };
        _rate = new Option<double>("--rate") { Description = "events a second of a stream, or arrivals a second", DefaultValueFactory = _ => defaults.Rate };
        _events = new Option<long>("--events") { Description = "events of a stream", DefaultValueFactory = _ => defaults.Events };
        _seconds = new Option<double>("--seconds") { Description = "how long it is measured", DefaultValueFactory = _ => defaults.Seconds };
        _warm = new Option<double>("--warm") { Description = "seconds before: on the same streams, or for burst on others, at least", DefaultValueFactory = _ => defaults.WarmSeconds };
        _slow = new Option<double>("--slow-share") { Description = "share of clients that read slowly", DefaultValueFactory = _ => defaults.SlowShare };
    }

    /// <summary>Makes the command of a scenario.</summary>
    public static Command Create(IScenario scenario)
    {
        var made = new ScenarioCommand(scenario);
        var command = new Command(scenario.Name, scenario.Does);
        foreach (Option option in (Option[])[made._servers, made._format, made._protocol, made._rounds, made._quick, made._threads, made._engine, made._name, made._out])
        {
            command.Options.Add(option);
        }

        LoadSettings defaults = scenario.Defaults;
        Add(command, made._streams, defaults.Streams > 0);
        Add(command, made._rate, defaults.Rate > 0);
        Add(command, made._events, defaults.Events > 0);
        Add(command, made._seconds, defaults.Seconds > 0);
        Add(command, made._warm, defaults.WarmSeconds > 0);
        Add(command, made._slow, defaults.SlowShare > 0);
        Add(command, made._push, scenario.Name == "burst");
        command.SetAction((parsed, _) => made.RunAsync(parsed));
        return command;
    }

    private static void Add(Command command, Option option, bool applies)
    {
        if (applies)
        {
            command.Options.Add(option);
        }
    }

    private static string DefaultServers(string scenario) => scenario switch
    {
        "idle" => "gai,gai+source=channel,framework,bare",
        "duplex" => "gai,json,good",
        "fanout" or "slow" => "gai,framework,hand,good,copy",
        _ => "gai,framework,hand,good,copy,raw",
    };

    private async Task<int> RunAsync(ParseResult parsed)
    {
        bool quick = parsed.GetValue(_quick);
        LoadSettings defaults = quick ? _scenario.Quick : _scenario.Defaults;
        LoadSettings settings = defaults with
        {
            Format = WireFormat.Of(parsed.GetValue(_format) ?? defaults.Format).Name,
            Protocol = ProtocolNames.Of(parsed.GetValue(_protocol)!),
            Streams = ValueOf(parsed, _streams, defaults.Streams),
            Rate = ValueOf(parsed, _rate, defaults.Rate),
            Events = ValueOf(parsed, _events, defaults.Events),
            Seconds = ValueOf(parsed, _seconds, defaults.Seconds),
            WarmSeconds = ValueOf(parsed, _warm, defaults.WarmSeconds),
            SlowShare = ValueOf(parsed, _slow, defaults.SlowShare),
            Push = ValueOf(parsed, _push, false),
            ClientThreads = parsed.GetValue(_threads),
            Quick = quick,
        };
        string[] servers = parsed.GetValue(_servers)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string name = parsed.GetValue(_name) ?? $"{_scenario.Name}{(settings.Push ? "-push" : string.Empty)}-{settings.Format}-{parsed.GetValue(_protocol)}";
        var load = new LoadCase(name, _scenario.Name, settings, servers, quick ? 1 : parsed.GetValue(_rounds));
        foreach (string server in servers)
        {
            if (Contenders.WhyNot(ContenderSpec.Parse(server), _scenario.Name, settings) is { } why)
            {
                throw new ArgumentException($"{_scenario.Name} cannot run against {server}: {why}.");
            }
        }

        LoadReport report = await new CaseRunner(LoadEngines.Create(parsed.GetValue(_engine)!), new ServerSource(), new ProgressDisplay()).RunAsync(load, CommandText.Of(parsed));
        ConsoleTable.Show(report);
        LoadReportFiles.Save(report, parsed.GetValue(_out));
        return report.Runs.All(static run => run.IsGood) ? 0 : 1;
    }

    private static T ValueOf<T>(ParseResult parsed, Option<T> option, T otherwise) =>
        parsed.GetResult(option) is { Implicit: false } ? parsed.GetValue(option)! : otherwise;
}
