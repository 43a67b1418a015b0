using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Internal;

public sealed class PumpWakeTests
{
    /// <summary>The scheduler puts a stream off until its keep-alive, and at the same time its pump begins to wait for the client, which it may do for a shorter time.</summary>
    [Fact]
    public void OnDue_PumpBeginsToWaitForTheClientMeanwhile_IsNotPutOff()
    {
        int moment = 0;
        for (bool wasReached = true; wasReached; moment++)
        {
            var time = new ManualTimeProvider();
            using var scheduler = new StreamScheduler(time);
            var wake = new PumpWake(new PumpSettings { Scheduler = scheduler, CommitWindow = Timeout.InfiniteTimeSpan, KeepAliveInterval = TimeSpan.FromSeconds(15), WriteTimeout = TimeSpan.FromSeconds(5) });
            wake.Start();
            time.Advance(TimeSpan.FromSeconds(10));
            wake.OnFlush(isFull: false);

            int looks = 0;
            time.OnTimestamp = () =>
            {
                if (looks++ == moment)
                {
                    wake.OnFlushWaits();
                }
            };
            time.Advance(TimeSpan.FromSeconds(5.2));
            wasReached = looks > moment;
            time.OnTimestamp = null;
            time.Advance(TimeSpan.FromSeconds(5.2));

            Assert.Equal(wasReached, wake.IsSignalled);
        }

        Assert.InRange(moment, 10, 1000);
    }
}
