#pragma warning disable VSTHRD002 // Results are read here only of awaiters that have completed.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Gives the pump its events. Made by the methods of <see cref="StreamSource"/>.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>A source feeds one stream, once.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "A cancellation source without a timer and not linked to another holds nothing.")]
public abstract class StreamSource<T>
{
    private ValueTask<bool> _answer;
    private Wake? _wake;
    private Action? _onAnswer;
    private TaskCompletionSource? _lastAnswer;
    private CancellationTokenSource? _cancellation;
    private volatile Question _question;

    private protected StreamSource()
    {
    }

    /// <summary>The states of the question whether there is more.</summary>
    private enum Question
    {
        /// <summary>There is none: the last answer has been read.</summary>
        None,

        /// <summary>The source has not answered at once.</summary>
        Asked,

        /// <summary>The source will call back with its answer.</summary>
        Awaited,

        /// <summary>It has called back.</summary>
        Answered,

        /// <summary>Nobody wants the answer any more.</summary>
        Forgotten,
    }

    /// <summary>Whether taking an event runs the application's code, which may block the thread instead of awaiting.</summary>
    internal virtual bool MayBlock => false;

    /// <summary>Whether its client has read a part of the stream before.</summary>
    internal virtual bool GoesOn => false;

    /// <summary>Begins. Called once, before anything else; not called if the stream is over before it has begun.</summary>
    internal void Start(Wake wake)
    {
        _wake = wake;
        OnStart();
    }

    /// <summary>Hands events to the pump until there is none now, or the pump wants no more.</summary>
    /// <returns><see cref="SourceState.Ready"/> if the pump wants no more.</returns>
    internal abstract SourceState HandOver(EventPump<T> pump);

    /// <summary>Has the wake signalled when a pending source answers. Allocates its callback once a stream, nothing an event.</summary>
    /// <param name="queue">Where streams run whose source would only hand them to the thread pool; <see langword="null"/> leaves it to the source.</param>
    internal void WakeWhenReady(ReadyQueue? queue)
    {
        if (_question != Question.Asked)
        {
            return;
        }

        _question = Question.Awaited;
        _onAnswer ??= OnAnswer;
        if (queue is not null && AnswersOnThreadPool)
        {
            queue.WhenAnswered(_answer, _onAnswer);
        }
        else
        {
            _answer.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_onAnswer);
        }
    }

    /// <summary>Lets events gather in the source until the window ends, if that keeps nobody waiting: instead of <see cref="WakeWhenReady"/>.</summary>
    /// <returns>Whether it rests. Then it wakes nobody until it has been asked again.</returns>
    internal virtual bool TryRest(bool isNewWindow) => false;

    /// <summary>Has encoded what has gathered while it rested.</summary>
    /// <returns>Whether there was something, all of it was taken, and more may come: then the next window is worth a rest as well.</returns>
    internal virtual bool HandOverGathered(EventPump<T> pump) => false;

    /// <summary>Learns that the client has not taken a flush of so many bytes at once. Until <see cref="OnClientReads"/> nothing is sent.</summary>
    internal virtual void OnClientAwaited(long bytes, TimeProvider time)
    {
    }

    /// <summary>Learns that it has taken it now, or never will.</summary>
    internal virtual void OnClientReads()
    {
    }

    /// <summary>Tells the application's code that the stream is over before its end.</summary>
    internal Task CancelAsync() => _cancellation?.CancelAsync() ?? Task.CompletedTask;

    /// <summary>Frees what the source holds. The last call.</summary>
    internal abstract Task CloseAsync(StreamOutcome outcome);

    /// <summary>Whether the source queues its answer to the thread pool, instead of running the stream on the thread that has made the event.</summary>
    private protected virtual bool AnswersOnThreadPool => false;

    private protected virtual void OnStart()
    {
    }

    /// <summary>Makes the token of <see cref="CancelAsync"/>, for a source that runs the application's code; others need none.</summary>
    private protected CancellationToken MakeCancellation() => (_cancellation = new CancellationTokenSource()).Token;

    /// <summary>Asks the source whether there is more. Called only when the last answer has been read.</summary>
    private protected abstract ValueTask<bool> AskAsync();

    /// <summary>Asks whether there is more, or looks whether the pending question has been answered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected SourceState Ask()
    {
        if (_question != Question.None)
        {
            return LookForAnswer();
        }

        ValueTask<bool> answer = AskAsync();
        if (answer.IsCompleted)
        {
            return answer.GetAwaiter().GetResult() ? SourceState.Ready : SourceState.Ended;
        }

        _answer = answer;
        _question = Question.Asked;
        return SourceState.Pending;
    }

    /// <summary>Gives up the pending question, if there is one.</summary>
    /// <returns>A task that is done when the source has answered all the same.</returns>
    private protected Task ForgetQuestionAsync()
    {
        if (_question == Question.None)
        {
            return Task.CompletedTask;
        }

        WakeWhenReady(queue: null);
        _lastAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _question, Question.Forgotten, Question.Awaited) != Question.Awaited)
        {
            DropAnswer();
        }

        return _lastAnswer.Task;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private SourceState LookForAnswer()
    {
        if (_question == Question.Awaited || (_question == Question.Asked && !_answer.IsCompleted))
        {
            return SourceState.Pending;
        }

        _question = Question.None;
        return _answer.GetAwaiter().GetResult() ? SourceState.Ready : SourceState.Ended;
    }

    private void OnAnswer()
    {
        if (Interlocked.CompareExchange(ref _question, Question.Answered, Question.Awaited) == Question.Awaited)
        {
            _wake!.Signal(WakeSignals.Source);
        }
        else if (_question == Question.Forgotten)
        {
            DropAnswer();
        }
    }

    // An answer that is not read keeps a channel from using its waiter again, and an exception that nobody looks at is reported by the runtime.
    private void DropAnswer()
    {
        try
        {
            _answer.GetAwaiter().GetResult();
        }
        catch (Exception)
        {
            // The stream ended for another reason, and that one is reported.
        }

        _lastAnswer!.TrySetResult();
    }
}

/// <summary>What a source says when it is asked for the next event.</summary>
internal enum SourceState
{
    /// <summary>There is one.</summary>
    Ready,

    /// <summary>There is none yet.</summary>
    Pending,

    /// <summary>There will be no more.</summary>
    Ended,
}
