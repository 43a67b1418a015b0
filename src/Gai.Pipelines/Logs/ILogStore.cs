namespace Gai.Pipelines;

/// <summary>Keeps logs where every node finds them. The contract is tested by <c>LogStoreContractTests</c> of Gai.Pipelines.TestKit.</summary>
/// <remarks>
/// <para>
/// <b>Who calls it.</b> <c>StreamLogs</c>, one per node. Readers at the producing node never wait for a store: it is written behind, in
/// batches. A reader at another node reads a copy that one follower per log feeds from <see cref="ReadAsync"/>.
/// </para>
/// <para>
/// <b>Threads.</b> All members may be called at any time on any thread, also for the same log; of <see cref="AppendAsync"/> and
/// <see cref="EndAsync"/> for one log and token there is one call at a time. None may block its caller.
/// </para>
/// <para>
/// <b>Atomicity.</b> Each call happens as a whole or not at all, and is ordered with every other call for the same log over all nodes. What a
/// call has returned, every later call on any node sees.
/// </para>
/// <para>
/// <b>Numbers.</b> The frames of a log are numbered from 1 without holes, and no reader ever sees a hole: as long as frame n is not visible,
/// none behind it is, in whatever order transactions commit. Frames may be as large as the frames of a stream (16 MiB by default).
/// </para>
/// <para>
/// <b>Time.</b> Leases and ages are measured by one clock, the store's own. A store that was away itself gives the owners of unfinished logs the
/// time of a lease to come back before it declares them lost.
/// </para>
/// <para>
/// <b>Errors.</b> <see cref="LogFencedException"/> is final: the caller's token is void. Cancellation throws
/// <see cref="OperationCanceledException"/>, and the call may have happened all the same. Any other exception means that nothing is known: the
/// caller tries again later with the same arguments, and every member bears that (see each).
/// </para>
/// <para>
/// <b>Buffers.</b> A <see cref="LogBatch"/> belongs to the caller. The store uses it until its task is done, also if that ends in an exception.
/// </para>
/// </remarks>
public interface ILogStore
{
    /// <summary>Gets whether more than one <c>StreamLogs</c> may use it.</summary>
    /// <value>If <see langword="false"/>, a <c>StreamLogs</c> keeps its logs in its own memory and calls nothing else here.</value>
    bool IsShared { get; }

    /// <summary>Finds the log of a key, or begins it: whoever begins it is its owner. Of any number of simultaneous calls for one key, on any nodes, exactly one begins it.</summary>
    /// <param name="proposal">The log to begin if there is none with its <see cref="LogDescription.Key"/>.</param>
    /// <param name="lease">How long the owner may be silent before its log is lost. Not used by a topic, which has no owner and is never lost.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>
    /// The log of the key, ended or not, and whether the caller owns it. A call that is repeated with the same proposal, since its answer was lost,
    /// owns the log again and gets the same token.
    /// </returns>
    ValueTask<LogClaim> ClaimAsync(LogDescription proposal, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Finds the log that holds a key now.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The log, ended or not, or <see langword="null"/>.</returns>
    ValueTask<LogDescription?> FindAsync(LogKey key, CancellationToken cancellationToken);

    /// <summary>Finds a log by its id.</summary>
    /// <param name="log">The id.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The log, ended or not, or <see langword="null"/>.</returns>
    ValueTask<LogDescription?> FindAsync(LogId log, CancellationToken cancellationToken);

    /// <summary>Adds frames to a generation. When it returns they are durable, and readers on all nodes are about to be signalled.</summary>
    /// <param name="log">The log.</param>
    /// <param name="fencingToken">The token of its owner. It also renews nothing: see <see cref="RenewAsync"/>.</param>
    /// <param name="batch">
    /// The frames, numbered. Those that are there already are skipped, so that a call can be repeated; the first is at most one behind the last that is there.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LogFencedException">The token is not that of the owner, or the log has ended or is gone.</exception>
    /// <exception cref="ArgumentException">There would be a hole, or the frames have no numbers.</exception>
    ValueTask AppendAsync(LogId log, long fencingToken, LogBatch batch, CancellationToken cancellationToken);

    /// <summary>Adds frames to a topic and numbers them. When it returns they are durable, and readers on all nodes are about to be signalled.</summary>
    /// <param name="log">The topic.</param>
    /// <param name="publication">Names the call. A second one with the same name, for at least a minute, adds nothing and gets the same number.</param>
    /// <param name="batch">The frames, without numbers (<see cref="LogBatch.FirstSequence"/> 0). They get numbers that follow each other.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The number of the first frame.</returns>
    /// <exception cref="LogFencedException">The topic has ended or is gone.</exception>
    ValueTask<long> PublishAsync(LogId log, Guid publication, LogBatch batch, CancellationToken cancellationToken);

    /// <summary>Ends a topic, as anybody may: adds the frames that tell so and completes it, at once, so that nothing comes between or behind. Ending it again adds nothing and throws nothing.</summary>
    /// <param name="log">The topic.</param>
    /// <param name="marker">The frames, without numbers (<see cref="LogBatch.FirstSequence"/> 0), behind all that was published; none if the topic's end has no mark.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LogFencedException">The topic is gone.</exception>
    ValueTask CompleteTopicAsync(LogId log, LogBatch marker, CancellationToken cancellationToken);

    /// <summary>Ends a generation. Nothing can be added afterwards, and readers on all nodes are about to be signalled. Ending it again with the same token changes nothing and throws nothing.</summary>
    /// <param name="log">The log.</param>
    /// <param name="fencingToken">The token of its owner.</param>
    /// <param name="end">How it has ended.</param>
    /// <param name="lastSequence">The number of the last frame that the owner has added, and no reader may miss; 0 if any will do.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LogFencedException">The token is not that of the owner, or the log is lost or gone.</exception>
    /// <exception cref="ArgumentException">The log does not go as far, as after a fail-over to a server that lagged behind. It has not ended; the owner adds what it lacks.</exception>
    /// <remarks>
    /// An ended log holds its key until it expires or is removed. Only one that has not completed and has no frame frees it at once, also if it is lost:
    /// there is nothing to read again, and the next claim begins anew. By its id it is found until it expires.
    /// </remarks>
    ValueTask EndAsync(LogId log, long fencingToken, LogEnd end, long lastSequence, CancellationToken cancellationToken);

    /// <summary>Says that the owner is alive, and asks what others want of it. A lease that ran out is renewed all the same as long as nobody has noticed.</summary>
    /// <param name="log">The log.</param>
    /// <param name="fencingToken">The token of its owner.</param>
    /// <param name="lease">How long the owner may be silent from now on.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What others want.</returns>
    /// <exception cref="LogFencedException">The token is not that of the owner, or the log has ended or is gone.</exception>
    ValueTask<LogLease> RenewAsync(LogId log, long fencingToken, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Reads frames, and how far the log has come.</summary>
    /// <param name="log">The log.</param>
    /// <param name="first">The number of the first frame wanted, at least 1. If it is no longer there, the frames begin with <see cref="LogState.FirstSequence"/>.</param>
    /// <param name="maxBytes">About how many bytes are wanted at most. One frame is given whatever its size.</param>
    /// <param name="into">Gets the frames: the store clears it to the number of the first one that it adds, or to the one wanted if it adds none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>
    /// How far the log has come, as of the moment of the frames: they are contiguous, and if the last of them is <see cref="LogState.LastSequence"/> and
    /// the log has an end, there are no more. <see langword="null"/> if there is no such log.
    /// </returns>
    /// <remarks>If an unfinished generation's lease has run out, the read ends it as <see cref="LogEnd.Lost"/>, and from then on its owner is fenced off.</remarks>
    ValueTask<LogState?> ReadAsync(LogId log, long first, int maxBytes, LogBatch into, CancellationToken cancellationToken);

    /// <summary>Has a callback called when something of a log may have changed.</summary>
    /// <param name="log">The log.</param>
    /// <param name="onChange">
    /// Is called on any thread, at once or late, once for several changes of a kind or for none, perhaps once more after the subscription is disposed of; it
    /// returns at once and throws nothing. Whoever subscribes also looks by itself from time to time, so a call may get lost; a store that loses its connection
    /// calls it with <see cref="LogChange.Anything"/> when the connection is there again.
    /// </param>
    /// <returns>What ends the subscription.</returns>
    IDisposable Watch(LogId log, Action<LogChange> onChange);

    /// <summary>Says that somebody at this node reads a generation that another node produces, so that it is not given up for want of readers.</summary>
    /// <param name="log">The log. Nothing happens if there is none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask NoteReaderAsync(LogId log, CancellationToken cancellationToken);

    /// <summary>Asks the owner of a generation to cancel it. The owner learns of it by <see cref="Watch"/> and <see cref="RenewAsync"/>, and ends the log itself.</summary>
    /// <param name="log">The log.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether there is such a log that has not ended.</returns>
    ValueTask<bool> RequestCancelAsync(LogId log, CancellationToken cancellationToken);

    /// <summary>Forgets a log at once: its key is free, its id unknown, its owner fenced off.</summary>
    /// <param name="log">The log.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether there was one.</returns>
    ValueTask<bool> RemoveAsync(LogId log, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes some of what has expired: generations that have ended, or whose lease ran out, longer than <see cref="LogDescription.KeepFor"/> ago, and frames
    /// of topics that are older than that. Several nodes may do so at once and do not wait for each other.
    /// </summary>
    /// <param name="maxFrames">About how many frames one call deletes at most, so that none takes long; at least 1.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many logs and frames were deleted; 0 if nothing more has expired.</returns>
    ValueTask<int> DeleteExpiredAsync(int maxFrames, CancellationToken cancellationToken);
}

/// <summary>Says what may have changed of a log that is watched.</summary>
public enum LogChange
{
    /// <summary>The store does not know: look at everything.</summary>
    Anything,

    /// <summary>There are more frames, or the log has ended: for those who read.</summary>
    Frames,

    /// <summary>Somebody wants it cancelled, has declared it lost or has removed it: for its owner, who renews the lease at once to learn more, and for those who read.</summary>
    Ownership,
}

/// <summary>Answers who owns a log.</summary>
/// <param name="Log">The log of the key.</param>
/// <param name="IsOwner">Whether the caller began it and owns it. Never of a topic, which has no owner.</param>
/// <param name="FencingToken">What the owner shows with each write; at least 1. 0 for others.</param>
public readonly record struct LogClaim(LogDescription Log, bool IsOwner, long FencingToken);

/// <summary>Tells an owner what others want of its log.</summary>
/// <param name="IsCancelRequested">Whether somebody asked to cancel it.</param>
/// <param name="ReadAgo">How long ago another node noted a reader; <see langword="null"/> for never.</param>
public readonly record struct LogLease(bool IsCancelRequested, TimeSpan? ReadAgo);

/// <summary>Says how far a log has come in its store.</summary>
/// <param name="FirstSequence">The number of the first frame that can be had; one more than the last if none can.</param>
/// <param name="LastSequence">The number of the last frame; 0 if there was none yet.</param>
/// <param name="End">How the log has ended; <see langword="null"/> if it has not.</param>
public readonly record struct LogState(long FirstSequence, long LastSequence, LogEnd? End);
