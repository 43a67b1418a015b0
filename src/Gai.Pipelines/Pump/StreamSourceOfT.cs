#pragma warning disable VSTHRD002 // Results are read here only of awaiters that have completed.
using System.Diagnostics.CodeAnalysis;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Gives the pump its events. Made by the methods of <see cref="StreamSource"/>.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>A source feeds one stream, once.</remarks>
public abstract class StreamSource<T>
{
    private ValueTask<bool> _answer;
    private Wake? _wake;
    private Action? _onAnswer;
    private TaskCompletionSource? _closing;
    private int _question;

    private protected StreamSource()
    {
    }

    /// <summary>Whether taking an event runs the application's code, which may block the thread instead of awaiting.</summary>
    internal virtual bool MayBlock => false;

    /// <summary>Begins. Called once, before anything else.</summary>
    internal void Start(Wake wake, CancellationToken cancellationToken)
    {
        _wake = wake;
        OnStart(cancellationToken);
    }

    /// <summary>Takes the next event if there is one now.</summary>
    internal abstract SourceState TryTake([MaybeNull] out T item);

    /// <summary>Has the wake signalled when a pending source answers. Allocates its callback once a stream, nothing an event.</summary>
    internal void WakeWhenReady()
    {
        if (_question == Question.Asked)
        {
            Volatile.Write(ref _question, Question.Awaited);
            _answer.GetAwaiter().UnsafeOnCompleted(_onAnswer ??= OnAnswer);
        }
    }

    /// <summary>Disposes of the source, as soon as it is not pending any more. The last call.</summary>
    internal async Task CloseAsync(StreamOutcome outcome)
    {
        // An async iterator must not be disposed of in the middle of MoveNextAsync: it throws NotSupportedException.
        WakeWhenReady();
        var closing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _closing = closing;
        if (Interlocked.CompareExchange(ref _question, Question.Closing, Question.Awaited) == Question.Awaited)
        {
            await closing.Task;
        }

        if (_question != Question.None)
        {
            ForgetAnswer();
        }

        await OnCloseAsync(outcome);
    }

    private protected abstract void OnStart(CancellationToken cancellationToken);

    /// <summary>Asks the source whether there is more. Called only when the last answer has been read.</summary>
    private protected abstract ValueTask<bool> AskAsync();

    private protected abstract ValueTask OnCloseAsync(StreamOutcome outcome);

    /// <summary>Asks whether there is more, or looks whether the pending question has been answered.</summary>
    private protected SourceState Ask()
    {
        ValueTask<bool> answer;
        switch (Volatile.Read(ref _question))
        {
            case Question.None:
                answer = AskAsync();
                if (!answer.IsCompleted)
                {
                    _answer = answer;
                    _question = Question.Asked;
                    return SourceState.Pending;
                }

                break;
            case Question.Asked when !_answer.IsCompleted:
            case Question.Awaited:
                return SourceState.Pending;
            default:
                answer = _answer;
                _question = Question.None;
                break;
        }

        return answer.GetAwaiter().GetResult() ? SourceState.Ready : SourceState.Ended;
    }

    private void OnAnswer()
    {
        if (Interlocked.CompareExchange(ref _question, Question.Answered, Question.Awaited) == Question.Awaited)
        {
            _wake!.Signal(WakeSignals.Source);
        }
        else
        {
            _closing!.SetResult();
        }
    }

    /// <summary>Nobody wants the last answer any more, but a task whose exception nobody looks at is reported by the runtime.</summary>
    private void ForgetAnswer()
    {
        _question = Question.None;
        try
        {
            _answer.GetAwaiter().GetResult();
        }
        catch (Exception)
        {
            // The stream ended for another reason, and that one is reported.
        }
    }

    /// <summary>The states of the question whether there is more.</summary>
    private static class Question
    {
        public const int None = 0;
        public const int Asked = 1;
        public const int Awaited = 2;
        public const int Answered = 3;
        public const int Closing = 4;
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
