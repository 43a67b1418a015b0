using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>A stream to be opened.</summary>
/// <param name="Path">The path, with its query.</param>
/// <param name="Format">What the client accepts.</param>
/// <param name="Expected">What it should bring.</param>
internal sealed record StreamRequest(string Path, WireFormat Format, Expectation Expected)
{
    /// <summary>When it is due by <see cref="Clock"/>; zero is now. The time to its first byte counts from here, however late it begins.</summary>
    public long Due { get; init; }

    /// <summary>How fast the client reads, in bytes a second; zero is as fast as it can.</summary>
    public int ReadRate { get; init; }

    /// <summary>What the client sends meanwhile.</summary>
    public Upload? Upload { get; init; }
}

/// <summary>Records that a client sends, each at its time.</summary>
/// <param name="Records">How many.</param>
/// <param name="Interval">The microseconds between two; zero sends them as fast as the server takes them.</param>
internal sealed record Upload(long Records, long Interval);

/// <summary>What came of a stream.</summary>
/// <param name="Events">How many events came.</param>
/// <param name="Bytes">How many bytes the body had.</param>
/// <param name="Gaps">How many events are missing.</param>
/// <param name="Duplicates">How many came again.</param>
/// <param name="KeepAlives">How many comments or blank lines came.</param>
/// <param name="FirstByte">The microseconds from when it was due to the first byte of its head.</param>
/// <param name="Problem">What was wrong; <see langword="null"/> if nothing was.</param>
internal sealed record StreamResult(long Events, long Bytes, long Gaps, long Duplicates, long KeepAlives, long FirstByte, string? Problem);
