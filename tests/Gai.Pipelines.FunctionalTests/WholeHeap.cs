namespace Gai.Pipelines.FunctionalTests;

/// <summary>The tests that watch the heap of the whole process run alone: it holds what other tests hold.</summary>
[CollectionDefinition(nameof(WholeHeap), DisableParallelization = true)]
public sealed class WholeHeap;
