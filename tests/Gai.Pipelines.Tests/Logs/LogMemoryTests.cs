using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Logs;

public sealed class LogMemoryTests : LogTest
{
    [Fact]
    public async Task Append_OthersEvictAtTheSameMoment_EveryFrameIsWhatWasWritten()
    {
        const int Frames = 500_000;
        // So large that each has a segment of its own.
        byte[] filler = [.. Enumerable.Repeat((byte)'.', 9_000)];
        var memory = new LogMemory(LogOptions.Default, Scheduler, new LogBudget(long.MaxValue, trim: null));
        using var evicting = new CancellationTokenSource();
        Task evictor = Task.Factory.StartNew(
            () =>
            {
                while (!evicting.IsCancellationRequested)
                {
                    memory.Trim(long.MaxValue, long.MaxValue);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        using var last = new LogBatch();
        int wrong = 0;
        try
        {
            for (int i = 1; i <= Frames; i++)
            {
                BitConverter.TryWriteBytes(filler, i);
                memory.Append(filler);
                memory.Publish();
                wrong += memory.TryCopy(i, 1, last) && last.Count == 1 && last[0].SequenceEqual(filler) ? 0 : 1;
            }
        }
        finally
        {
            await evicting.CancelAsync();
            await evictor.OrFail();
        }

        Assert.Equal(0, wrong);
        memory.Release();
    }
}
