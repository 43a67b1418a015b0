namespace Gai.Pipelines.LoadTests.Measuring;

/// <summary>The processor time of this process over a run, so that it can be told afterwards for any part of it.</summary>
internal sealed class CpuTrack : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<(long Time, double Cpu)> _points = [];
    private readonly Timer _timer;

    public CpuTrack()
    {
        Add();
        _timer = new Timer(static track => ((CpuTrack)track!).Add(), this, TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(50));
    }

    /// <summary>The processor time between two times of <see cref="Clock"/>, in microseconds.</summary>
    public double Between(long begin, long end)
    {
        Add();
        return At(end) - At(begin);
    }

    public void Dispose() => _timer.Dispose();

    private void Add()
    {
        lock (_lock)
        {
            _points.Add((Clock.Now, Environment.CpuUsage.TotalTime.TotalMicroseconds));
        }
    }

    private double At(long time)
    {
        lock (_lock)
        {
            int after = _points.FindIndex(point => point.Time >= time);
            if (after <= 0)
            {
                return after == 0 ? _points[0].Cpu : _points[^1].Cpu;
            }

            (long Time, double Cpu) left = _points[after - 1];
            (long Time, double Cpu) right = _points[after];
            double share = (double)(time - left.Time) / Math.Max(1, right.Time - left.Time);
            return left.Cpu + (share * (right.Cpu - left.Cpu));
        }
    }
}
