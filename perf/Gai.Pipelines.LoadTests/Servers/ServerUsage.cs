using System.Runtime;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>What a process has used until a moment.</summary>
/// <param name="Time">The moment, in microseconds of <see cref="Clock"/>.</param>
/// <param name="UserMicroseconds">Processor time outside the system.</param>
/// <param name="SystemMicroseconds">Processor time inside the system.</param>
/// <param name="AllocatedBytes">All that was ever allocated on the managed heap.</param>
/// <param name="HeapBytes">The managed heap, with what is not collected yet.</param>
/// <param name="PinnedBytes">How much of it is pinned: the buffers of Kestrel, which it keeps.</param>
/// <param name="ResidentBytes">Memory that the process holds.</param>
/// <param name="CompiledMethods">How many methods were compiled; a server that is warm compiles hardly any.</param>
/// <param name="Collections">How many collections there were.</param>
internal sealed record ServerUsage(
    long Time,
    long UserMicroseconds,
    long SystemMicroseconds,
    long AllocatedBytes,
    long HeapBytes,
    long PinnedBytes,
    long ResidentBytes,
    int CompiledMethods,
    int Collections)
{
    private const int PinnedGeneration = 4;

    /// <summary>All processor time.</summary>
    public long CpuMicroseconds => UserMicroseconds + SystemMicroseconds;

    /// <summary>What this process has used until now.</summary>
    public static ServerUsage Now()
    {
        Environment.ProcessCpuUsage cpu = Environment.CpuUsage;
        return new ServerUsage(
            Clock.Now,
            (long)cpu.UserTime.TotalMicroseconds,
            (long)cpu.PrivilegedTime.TotalMicroseconds,
            GC.GetTotalAllocatedBytes(precise: true),
            GC.GetTotalMemory(forceFullCollection: false),
            GC.GetGCMemoryInfo(GCKind.Any).GenerationInfo[PinnedGeneration].SizeAfterBytes,
            Environment.WorkingSet,
            (int)JitInfo.GetCompiledMethodCount(),
            GC.CollectionCount(0));
    }

    /// <summary>The same after everything that nobody holds has been collected.</summary>
    public static ServerUsage AfterCollection()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return Now();
    }
}
