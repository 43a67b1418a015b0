namespace Gai.Pipelines;

/// <summary>Tells a dialect what it needs to begin a stream.</summary>
/// <param name="Format">The format that the client gets.</param>
/// <param name="Settings">What the user has chosen.</param>
/// <param name="Identity">What names the stream.</param>
public readonly record struct DialectContext(StreamFormat Format, DialectSettings Settings, StreamIdentity Identity = default);
