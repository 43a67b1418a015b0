namespace Gai.Pipelines;

/// <summary>Tells a producer whose own deadline is over why it waited: the stream's client does not read.</summary>
/// <remarks>
/// Thrown in place of the bare exception by the writer of <see cref="StreamSource.From{T}(Func{System.Threading.Channels.ChannelWriter{T}, CancellationToken, Task}, int)"/>
/// and by <c>EventStream&lt;T&gt;.WriteAsync</c>, with the token that was given to them. The event was not taken; the stream goes on.
/// </remarks>
public sealed class SlowClientException : OperationCanceledException
{
    /// <summary>Tells it.</summary>
    /// <param name="stalledFor">How long the client has taken nothing.</param>
    /// <param name="waitingEvents">How many events wait to be encoded.</param>
    /// <param name="waitingBytes">How many bytes were encoded and not taken.</param>
    /// <param name="innerException">The exception of the writer that was cancelled.</param>
    /// <param name="cancellationToken">The token whose cancellation ended the waiting.</param>
    public SlowClientException(TimeSpan stalledFor, int waitingEvents, long waitingBytes, Exception? innerException, CancellationToken cancellationToken)
        : base(
            string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"The event was not taken in time: the client has taken nothing for {stalledFor.TotalSeconds:0.0} s, while {waitingEvents:N0} events and {waitingBytes:N0} bytes wait for it. Wait longer, choose another SlowClientPolicy, or end the stream."),
            innerException,
            cancellationToken)
    {
        StalledFor = stalledFor;
        WaitingEvents = waitingEvents;
        WaitingBytes = waitingBytes;
    }

    /// <summary>Gets how long the client has taken nothing.</summary>
    /// <value>Since the flush began that it has not taken. Less than <see cref="PumpSettings.WriteTimeout"/>, after which it is disconnected.</value>
    public TimeSpan StalledFor { get; }

    /// <summary>Gets how many events wait in the stream's channel.</summary>
    /// <value>Its capacity, as a rule: the writer waited because it is full.</value>
    public int WaitingEvents { get; }

    /// <summary>Gets how many bytes were encoded and not taken.</summary>
    /// <value>Those of the flush that waits, in bytes. What the connection holds beside them (Kestrel 64 KiB, and the system's buffers) is not counted.</value>
    public long WaitingBytes { get; }
}
