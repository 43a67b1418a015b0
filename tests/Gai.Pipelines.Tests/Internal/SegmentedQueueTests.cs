using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Internal;

public sealed class SegmentedQueueTests
{
    private readonly SegmentedQueue<int> _queue = new();

    [Fact]
    public void TryDequeue_Empty_GivesNothing()
    {
        Assert.False(_queue.TryDequeue(out _));
        _queue.Enqueue(1);
        Assert.True(_queue.TryDequeue(out int item));
        Assert.Equal(1, item);
        Assert.False(_queue.TryDequeue(out _));
    }

    [Fact]
    public void EnqueueAndDequeue_AtRandom_KeepsTheOrder()
    {
        var random = new Random(1);
        var model = new Queue<int>();
        for (int n = 0; n < 100_000; n++)
        {
            // More in than out, and then the other way round, so that segments come and go.
            if (random.Next(100) < (n / 1000 % 2 == 0 ? 60 : 40))
            {
                _queue.Enqueue(n);
                model.Enqueue(n);
            }
            else
            {
                Assert.Equal(model.TryDequeue(out int expected), _queue.TryDequeue(out int item));
                Assert.Equal(expected, item);
            }
        }

        while (model.TryDequeue(out int expected))
        {
            Assert.True(_queue.TryDequeue(out int item));
            Assert.Equal(expected, item);
        }

        Assert.False(_queue.TryDequeue(out _));
    }

    [Fact]
    public void EnqueueAndDequeue_SteadyLength_AllocatesNothing()
    {
        for (int n = 0; n < 100; n++)
        {
            _queue.Enqueue(n);
        }

        EnqueueAndDequeue();

        Assert.Equal(0, AllocatedBytes.Of(EnqueueAndDequeue));

        void EnqueueAndDequeue()
        {
            for (int n = 0; n < 10_000; n++)
            {
                _queue.Enqueue(n);
                _queue.TryDequeue(out _);
            }
        }
    }

    [Fact]
    public void TryDequeue_ReferenceItWasGiven_IsNotKept()
    {
        var queue = new SegmentedQueue<object>();
        WeakReference item = Pass(queue);

        GC.Collect();

        Assert.False(item.IsAlive);
        queue.Enqueue(new object());

        static WeakReference Pass(SegmentedQueue<object> queue)
        {
            object item = new();
            queue.Enqueue(item);
            queue.TryDequeue(out _);
            return new WeakReference(item);
        }
    }
}
