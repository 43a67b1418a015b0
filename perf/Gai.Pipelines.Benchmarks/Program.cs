using System.Globalization;
using BenchmarkDotNet.Running;
using Gai.Pipelines.Benchmarks;
using Gai.Pipelines.Benchmarks.Compression;
using Gai.Pipelines.Benchmarks.Gateway;
using Gai.Pipelines.Benchmarks.PostgreSql;
using Gai.Pipelines.Benchmarks.Reports;
using Gai.Pipelines.Benchmarks.Ticks;

// BenchmarkDotNet looks for the project below the current folder.
Environment.CurrentDirectory = Repository.Root;

const int DefaultRounds = 3;
switch (args)
{
    case [ReportVerb.ClaimsRun]:
        return RunVerb.Run(ReportVerb.ClaimsRun, Claims.Benchmarks, DefaultRounds);
    case [ReportVerb.ClaimsRun, string rounds]:
        return RunVerb.Run(ReportVerb.ClaimsRun, Claims.Benchmarks, int.Parse(rounds, CultureInfo.InvariantCulture));
    case [ReportVerb.CasesRun]:
        return RunVerb.Run(ReportVerb.CasesRun, Cases.Benchmarks, rounds: 1);
    case [ReportVerb.CasesRun, .. string[] names]:
        return RunVerb.Run(ReportVerb.CasesRun, Cases.Named(names), rounds: 1);
    case [ReportVerb.TicksRun, ..]:
        return await TicksVerb.RunAsync(args[1..]);
    case [ReportVerb.GatewayRun]:
        return await GatewayVerb.RunAsync();
    case [ReportVerb.CompressionRun, ..]:
        return await CompressionVerb.RunAsync(args[1..]);
    case [ReportVerb.PostgreSqlRun]:
        return await PostgreSqlVerb.RunAsync();
    case ["report"]:
        return ReportVerb.Run(folder: null);
    case ["report", string folder]:
        return ReportVerb.Run(folder);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, Config.Create());
        return 0;
}
