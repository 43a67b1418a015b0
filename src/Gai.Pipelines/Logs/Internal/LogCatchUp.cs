using System.Diagnostics.CodeAnalysis;

namespace Gai.Pipelines.Internal;

/// <summary>Reads for one cursor what its log no longer has in memory, or never had, from the store: a range at a time, and never ahead.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Closed by its cursor: the batch with the last read, and a cancellation source without a timer holds nothing.")]
internal sealed class LogCatchUp(LogCursor cursor)
{
    private readonly LogBatch _frames = new();
    private readonly CancellationTokenSource _closed = new();
    private long? _first;
    private Task _reading = Task.CompletedTask;

    public long First => _frames.FirstSequence;

    public ReadOnlySpan<byte> Bytes => _frames.Bytes.Span;

    public ReadOnlySpan<int> Ends => _frames.Ends.Span;

    private StreamLog Log => cursor.Log;

    public bool Has(long sequence) => _frames.Count > 0 && sequence >= _frames.FirstSequence && sequence <= _frames.LastSequence;

    /// <summary>Begins to read. The cursor's wait ends when something is there.</summary>
    public void Begin(long first)
    {
        _frames.Clear();
        _reading = ReadAsync(first);
    }

    /// <summary>Takes the number of the first frame that the store has given; the greatest there is if it has none of them.</summary>
    public long? TakeFirst()
    {
        long? first = _first;
        _first = null;
        return first;
    }

    public void Close() => _ = CloseAsync();

    private async Task CloseAsync()
    {
        await _closed.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _frames.Dispose();
    }

    private async Task ReadAsync(long first)
    {
        using var read = new LogBatch();
        var pace = new LogPace(Log.Shared.Scheduler);
        using CancellationTokenRegistration leaving = _closed.Token.UnsafeRegister(static pace => ((LogPace)pace!).Signal(), pace);
        while (!_closed.IsCancellationRequested)
        {
            if (Log.IsNeverStored(first))
            {
                // It will not have it when it is back either.
                Answer(long.MaxValue);
                break;
            }

            try
            {
                bool isOnItsWay = Log.IsOnItsWay(first);
                LogState? state = await Log.Store!.ReadAsync(Log.Description.Id, first, Log.Shared.StoreBatchBytes, read, _closed.Token);
                if (state is { FirstSequence: var kept })
                {
                    Log.StoreFirst = kept;
                }
                else
                {
                    Log.OnGoneFromStore();
                }

                if (isOnItsWay && state is not null && read.Count == 0)
                {
                    // No gap either: it has left memory before the store has it.
                    await pace.WaitAsync(Log.Shared.PollInterval);
                    continue;
                }

                LogStamp.Rewrite(Log.Description, read, _frames);
                Answer(state is not null && read.Count > 0 ? read.FirstSequence : long.MaxValue);
                break;
            }
            catch (OperationCanceledException) when (_closed.IsCancellationRequested)
            {
                break;
            }
            catch (Exception failure)
            {
                // A store that is away is no gap.
                Log.Report(failure);
                await pace.WaitAsync(Log.Shared.PollInterval);
            }
        }

        pace.Retire();
    }

    private void Answer(long first)
    {
        _first = first;
        cursor.EndWait();
    }
}
