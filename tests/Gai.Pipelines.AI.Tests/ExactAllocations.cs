namespace Gai.Pipelines.AI.Tests;

/// <summary>The tests that count allocated bytes run alone, because other tests cause collections: see <see cref="TestUtilities.AllocatedBytes"/>.</summary>
[CollectionDefinition(nameof(ExactAllocations), DisableParallelization = true)]
public sealed class ExactAllocations;
