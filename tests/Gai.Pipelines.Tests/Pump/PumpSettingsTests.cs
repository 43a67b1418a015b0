namespace Gai.Pipelines.Tests.Pump;

public sealed class PumpSettingsTests
{
    private static readonly TimeSpan Negative = TimeSpan.FromMilliseconds(-2);
    private static readonly TimeSpan TooLong = TimeSpan.FromDays(50);

    public static TheoryData<string, Func<PumpSettings>> OutOfRange => new()
    {
        { nameof(PumpSettings.FlushPolicy), static () => new PumpSettings { FlushPolicy = new FlushPolicy(TimeSpan.FromMicroseconds(500)) } },
        { nameof(PumpSettings.FlushPolicy), static () => new PumpSettings { FlushPolicy = new FlushPolicy(TimeSpan.FromSeconds(11)) } },
        { nameof(PumpSettings.FlushPolicy), static () => new PumpSettings { FlushPolicy = new FlushPolicy(TimeSpan.FromSeconds(1), 0) } },
        { nameof(PumpSettings.UnflushedLimitBytes), static () => new PumpSettings { UnflushedLimitBytes = 0 } },
        { nameof(PumpSettings.KeepAliveInterval), static () => new PumpSettings { KeepAliveInterval = Timeout.InfiniteTimeSpan } },
        { nameof(PumpSettings.CommitWindow), static () => new PumpSettings { CommitWindow = Negative } },
        { nameof(PumpSettings.DetachAfter), static () => new PumpSettings { DetachAfter = Negative } },
        { nameof(PumpSettings.DetachAfter), static () => new PumpSettings { DetachAfter = TooLong } },
        { nameof(PumpSettings.WriteTimeout), static () => new PumpSettings { WriteTimeout = TimeSpan.Zero } },
        { nameof(PumpSettings.WriteTimeout), static () => new PumpSettings { WriteTimeout = TooLong } },
        { nameof(PumpSettings.SlowClientBudgetBytes), static () => new PumpSettings { SlowClientBudgetBytes = 0 } },
        { nameof(PumpSettings.MaxAge), static () => new PumpSettings { MaxAge = TimeSpan.Zero } },
        { nameof(PumpSettings.MaxFrameBytes), static () => new PumpSettings { MaxFrameBytes = 255 } },
    };

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public void Init_OutOfRange_NamesTheSettingTheRangeAndTheValue(string setting, Func<PumpSettings> make)
    {
        ArgumentOutOfRangeException failure = Assert.Throws<ArgumentOutOfRangeException>(setting, make);

        Assert.StartsWith($"{setting} must be ", failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.ActualValue);
    }

    [Fact]
    public void Init_AtTheLimits_IsTaken()
    {
        var least = new PumpSettings
        {
            FlushPolicy = new FlushPolicy(TimeSpan.Zero, 0),
            UnflushedLimitBytes = 1,
            KeepAliveInterval = TimeSpan.Zero,
            CommitWindow = TimeSpan.Zero,
            DetachAfter = TimeSpan.Zero,
            WriteTimeout = TimeSpan.FromTicks(1),
            SlowClientBudgetBytes = 1,
            MaxAge = TimeSpan.FromTicks(1),
            MaxFrameBytes = 256,
        };
        PumpSettings unlimited = least with
        {
            CommitWindow = Timeout.InfiniteTimeSpan,
            DetachAfter = Timeout.InfiniteTimeSpan,
            WriteTimeout = Timeout.InfiniteTimeSpan,
            SlowClientBudgetBytes = long.MaxValue,
            MaxAge = Timeout.InfiniteTimeSpan,
        };

        Assert.Equal((1, 256, long.MaxValue), (unlimited.UnflushedLimitBytes, unlimited.MaxFrameBytes, unlimited.SlowClientBudgetBytes));
    }

    [Fact]
    public void Init_Nothing_Throws()
    {
        Assert.Throws<ArgumentNullException>(nameof(PumpSettings.FlushPolicy), () => new PumpSettings { FlushPolicy = null! });
        Assert.Throws<ArgumentNullException>(nameof(PumpSettings.DescribeFailure), () => new PumpSettings { DescribeFailure = null! });
        Assert.Throws<ArgumentNullException>(nameof(PumpSettings.Scheduler), () => new PumpSettings { Scheduler = null! });
    }
}
