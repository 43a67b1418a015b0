using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Holds what can be chosen about reading NDJSON. Immutable; readers share it.</summary>
public sealed record NdjsonReaderOptions
{
    /// <summary>The options that a user gets who chooses nothing.</summary>
    public static NdjsonReaderOptions Default { get; } = new();

    /// <summary>Gets the most bytes that one record may have, its line end not counted.</summary>
    /// <value>Default 1 MiB, in bytes, at least 1. Exact: a record of that size passes, one of a byte more does not. No more than that and one segment of the input is held.</value>
    public int MaxRecordBytes
    {
        get;
        init => field = Limit.AtLeast(1, value);
    } = 1024 * 1024;

    /// <summary>Gets how deep a record may be nested.</summary>
    /// <value>Default 0: as the serializer's options say, 64 if they say nothing. Smaller is checked beforehand; larger has no effect. At least 0.</value>
    public int MaxDepth
    {
        get;
        init => field = Limit.AtLeast(0, value);
    }

    /// <summary>Gets what is done with a record that cannot be read.</summary>
    /// <value>Default <see langword="null"/>: it is thrown. Otherwise it is handed to this and the reading goes on with the next record. A truncated stream is always thrown.</value>
    public Action<StreamReadException>? OnBadRecord { get; init; }
}
