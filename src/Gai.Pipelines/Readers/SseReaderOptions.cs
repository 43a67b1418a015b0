using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Holds what can be chosen about reading Server-Sent Events. Immutable; readers share it.</summary>
/// <remarks>All limits are exact: what is as large passes, what is larger by one does not.</remarks>
public sealed record SseReaderOptions
{
    /// <summary>The options that a user gets who chooses nothing.</summary>
    public static SseReaderOptions Default { get; } = new();

    /// <summary>Gets the most bytes that a line may have, its end not counted.</summary>
    /// <value>Default 1 MiB, in bytes, at least 1.</value>
    public int MaxLineBytes
    {
        get;
        init => field = Limit.AtLeast(1, value);
    } = 1024 * 1024;

    /// <summary>Gets the most bytes that the lines of one event may have together, their ends and comments not counted.</summary>
    /// <value>Default 10 MiB, in bytes, at least 1.</value>
    public int MaxEventBytes
    {
        get;
        init => field = Limit.AtLeast(1, value);
    } = 10 * 1024 * 1024;

    /// <summary>Gets the most lines that one event may have, comments not counted.</summary>
    /// <value>Default 65,536, at least 1.</value>
    public int MaxEventLines
    {
        get;
        init => field = Limit.AtLeast(1, value);
    } = 65_536;

    /// <summary>Gets what is called with each comment: a client wants to see that it is being kept alive.</summary>
    /// <value>Default <see langword="null"/>. It gets the text behind the colon, valid during the call.</value>
    public Action<ReadOnlyMemory<byte>>? OnComment { get; init; }
}
