using Gai.Pipelines.TestKit;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Logs;

public sealed class MemoryLogStoreTests : LogStoreContractTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly MemoryLogStore _store;

    public MemoryLogStoreTests() => _store = new MemoryLogStore(_time) { IsShared = true };

    protected override ValueTask<ILogStore> OpenNodeAsync() => new(_store);

    protected override ValueTask PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return ValueTask.CompletedTask;
    }
}
