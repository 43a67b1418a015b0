namespace Gai.Pipelines.LoadTests.Measuring;

/// <summary>The names of figures that only some scenarios have.</summary>
internal static class MoreFigures
{
    public const string HeapPerStream = "heap per stream, B";
    public const string PinnedPerStream = "pinned per stream, B";
    public const string ResidentPerStream = "resident per stream, B";
    public const string CpuShare = "CPU, % of a core";
    public const string KeepAlives = "keep-alives";
    public const string EngineLag = "engine late by at most, ms";
    public const string SourceBytes = "allocated by the source, B";
    public const string HeldBySlow = "heap for a slow client, B";
    public const string SkippedBySlow = "not produced for slow clients";
    public const string HighestRate = "highest rate, streams/s";
    public const string ClientAtHighestRate = "client busy at it, %";
}
