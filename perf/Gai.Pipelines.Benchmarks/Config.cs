using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using Perfolizer.Horology;

namespace Gai.Pipelines.Benchmarks;

/// <summary>How benchmarks are run: short, since the machine is rarely ours alone and rounds say more than long runs.</summary>
internal static class Config
{
    public static ManualConfig Create() =>
        ManualConfig.Create(DefaultConfig.Instance)
            .AddJob(Job.Default
                .WithWarmupCount(12) // below a second or so, the loops of a stream still run in code that is not optimized
                .WithIterationTime(TimeInterval.FromMilliseconds(120))
                .WithIterationCount(12)
                .AsDefault())
            .AddColumn(StatisticColumn.Median)
            .AddExporter(JsonExporter.Brief)
            .HideColumns(Column.Error, Column.StdDev, Column.RatioSD);
}
