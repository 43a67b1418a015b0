namespace Gai.Pipelines;

/// <summary>Says what keeps a stream of records alive when it is silent. Records have no comments, as SSE has.</summary>
public enum NdjsonKeepAlive
{
    /// <summary>Nothing: every reader of records bears it. A proxy may end a stream that is silent too long.</summary>
    None,

    /// <summary>A blank line, which many readers skip; one that parses every line as JSON fails on it.</summary>
    BlankLine,

    /// <summary>
    /// A record of the dialect: <c>{"type":"keep_alive"}</c>, which clients must know and ignore. The plain dialect has no records of
    /// its own and writes nothing.
    /// </summary>
    Record,
}
