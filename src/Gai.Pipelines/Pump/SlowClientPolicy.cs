namespace Gai.Pipelines;

/// <summary>Says what becomes of events while a client does not read.</summary>
/// <remarks>
/// Under every policy the transport holds some bytes (Kestrel 64 KiB), and a client that takes nothing for
/// <see cref="PumpSettings.WriteTimeout"/> is disconnected.
/// </remarks>
public enum SlowClientPolicy
{
    /// <summary>The source waits: nothing is lost, and nothing is held but what the transport holds.</summary>
    Wait,

    /// <summary>Events wait for the client up to the budget; then it is disconnected.</summary>
    Disconnect,

    /// <summary>Events wait for the client up to the budget; then the oldest are dropped, and the client is told how many, where its dialect has a place for it (<see cref="Dialect{T}.WriteGap(FrameWriter, long)"/>): not over plain NDJSON, and not to clients of Ollama.</summary>
    DropOldest,

    /// <summary>Deltas of text that wait are joined to fewer and larger ones, of 64 KiB at most; above the budget the source waits. Nothing is lost. For AI streams; all others wait.</summary>
    MergeDeltas,
}
