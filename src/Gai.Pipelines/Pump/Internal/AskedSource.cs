#pragma warning disable VSTHRD002 // Results are read here only of awaiters that have completed.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>A source that is asked whether there is more, and answers at once or later: an enumerator, a channel.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A cancellation source without a timer and not linked to another holds nothing.")]
internal abstract class AskedSource<T> : StreamSource<T>
{
    private ValueTask<bool> _answer;
    private Action? _onAnswer;
    private TaskCompletionSource? _lastAnswer;
    private CancellationTokenSource? _cancellation;
    private volatile Question _question;

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

    /// <inheritdoc/>
    /// <remarks>Allocates its callback once a stream, nothing an event.</remarks>
    internal override void WakeWhenReady()
    {
        if (_question != Question.Asked)
        {
            return;
        }

        _question = Question.Awaited;
        WhenAnswered(_answer, _onAnswer ??= OnAnswer);
    }

    internal override Task CancelAsync() => _cancellation?.CancelAsync() ?? Task.CompletedTask;

    /// <summary>Makes the token of <see cref="CancelAsync"/>, for a source that runs the application's code; others need none.</summary>
    private protected CancellationToken MakeCancellation() => (_cancellation = new CancellationTokenSource()).Token;

    /// <summary>Asks the source whether there is more. Called only when the last answer has been read.</summary>
    private protected abstract ValueTask<bool> AskAsync();

    /// <summary>Asks whether there is more, unless a question is pending: then it looks whether that has been answered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected SourceState Ask()
    {
        if (_question != Question.None)
        {
            return TakeAnswer();
        }

        ValueTask<bool> answer = AskAsync();
        if (answer.IsCompleted)
        {
            return answer.GetAwaiter().GetResult() ? SourceState.MayHaveMore : SourceState.Ended;
        }

        _answer = answer;
        _question = Question.Asked;
        return SourceState.Pending;
    }

    /// <summary>Has a callback called when the source answers.</summary>
    private protected virtual void WhenAnswered(in ValueTask<bool> answer, Action callback) =>
        answer.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(callback);

    /// <summary>Has the stream go on, since the source has answered: right here.</summary>
    private protected virtual void GoOn() => Wake!.Signal(WakeSignals.Source);

    /// <summary>Looks whether the pending question has been answered. Without one there may be more.</summary>
    private protected SourceState Look() => _question == Question.None ? SourceState.MayHaveMore : TakeAnswer();

    /// <summary>Gives up the pending question, if there is one, and waits for its answer all the same.</summary>
    private protected Task ForgetQuestionAsync()
    {
        if (_question == Question.None)
        {
            return Task.CompletedTask;
        }

        _lastAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ForgetQuestion();
        return _lastAnswer.Task;
    }

    /// <summary>Gives up the pending question, if there is one.</summary>
    private protected void ForgetQuestion()
    {
        if (_question == Question.None)
        {
            return;
        }

        WakeWhenReady();
        if (Interlocked.CompareExchange(ref _question, Question.Forgotten, Question.Awaited) != Question.Awaited)
        {
            DropAnswer();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private SourceState TakeAnswer()
    {
        if (_question == Question.Awaited || (_question == Question.Asked && !_answer.IsCompleted))
        {
            return SourceState.Pending;
        }

        _question = Question.None;
        return _answer.GetAwaiter().GetResult() ? SourceState.MayHaveMore : SourceState.Ended;
    }

    private void OnAnswer()
    {
        if (Interlocked.CompareExchange(ref _question, Question.Answered, Question.Awaited) == Question.Awaited)
        {
            GoOn();
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

        _lastAnswer?.TrySetResult();
    }
}
