using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Gai.Pipelines.FunctionalTests.Resuming;

/// <summary>Numbered events that run a little ahead of their reader: part of what he reads is there already, and part comes while he reads.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose handle nobody has asked for holds nothing.")]
internal sealed class PacedTicks(int count, int ahead = 100)
{
    private readonly SemaphoreSlim _credit = new(ahead);
    private int _runs;

    public int Count => count;

    /// <summary>Gets how often the events were produced.</summary>
    public int Runs => Volatile.Read(ref _runs);

    public void OnRead() => _credit.Release();

    public async IAsyncEnumerable<Tick> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _runs);
        for (int n = 1; n <= count; n++)
        {
            await _credit.WaitAsync(cancellationToken);
            yield return new Tick(n);
        }
    }
}
