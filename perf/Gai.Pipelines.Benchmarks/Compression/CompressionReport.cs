using System.Globalization;
using System.Text;
using System.Text.Json;
using Gai.Pipelines.Benchmarks.Reports;

namespace Gai.Pipelines.Benchmarks.Compression;

/// <summary>What <see cref="CompressionVerb"/> found.</summary>
internal sealed record CompressionReport(RunInfo Info, IReadOnlyList<CompressionResult> Streams, IReadOnlyList<StreamMemory> Memory)
{
    public static CompressionReport? Newest(string? folder) =>
        ReportFiles.NewestRun(ReportVerb.CompressionRun, folder, run => JsonSerializer.Deserialize<CompressionReport>(run)!, report => report.Info)?.Run;

    public string Table()
    {
        var table = new StringBuilder();
        table.AppendLine("| stream | events | bytes an event | gzip | Brotli | gzip, an event | Brotli, an event |");
        table.AppendLine("|---|---|---|---|---|---|---|");
        foreach (CompressionResult stream in Streams)
        {
            table.AppendLine(stream.Row());
        }

        table.AppendLine();
        table.AppendLine("| memory of a compressed stream | after one event | window full | nothing repeats | at most | reached | the sample's whole server |");
        table.AppendLine("|---|---|---|---|---|---|---|");
        foreach (StreamMemory memory in Memory)
        {
            table.AppendLine(memory.Row());
        }

        table.AppendLine();
        table.Append(ReportVerb.Origin(Info, Info.FolderName, ReportVerb.CompressionRun));
        return table.ToString();
    }
}

/// <summary>One stream of the sample, how many times smaller each coding made it, and the microseconds that took.</summary>
internal sealed record CompressionResult(string Name, int Events, long Bytes, double Gzip, double Brotli, double GzipMicroseconds, double BrotliMicroseconds)
{
    public string Row() => string.Create(
        CultureInfo.InvariantCulture,
        $"| {Name} | {Events:#,0} | {(double)Bytes / Events:0} | {Gzip:0.0} x | {Brotli:0.0} x | {GzipMicroseconds:0.0} µs | {BrotliMicroseconds:0.0} µs |");
}

/// <summary>The memory of encoders, and what a server of open streams has more than one that does not compress.</summary>
internal sealed record StreamMemory(MemoryResult Encoder, double ServerKibi, int ServerStreams)
{
    private const double LimitKibi = 350;

    public bool IsWithinLimit => Math.Max(Encoder.FullKibi, Encoder.HostileKibi) <= LimitKibi;

    public string Row() => string.Create(
        CultureInfo.InvariantCulture,
        $"| {(Encoder.Coding == "br" ? "Brotli" : Encoder.Coding)}, {Encoder.Encoders} encoders | {Encoder.FirstKibi:0} KiB | {Encoder.FullKibi:0} KiB | {Encoder.HostileKibi:0} KiB | {LimitKibi:0} KiB | " +
        $"{(IsWithinLimit ? "yes" : "**no**")} | {ServerKibi:0} KiB, {ServerStreams} streams |");
}
