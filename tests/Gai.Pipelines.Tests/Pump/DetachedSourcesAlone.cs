using Gai.Pipelines.Internal;

namespace Gai.Pipelines.Tests.Pump;

/// <summary>The tests that count detached sources run alone, because those are the process's, and others detach some for a moment.</summary>
[CollectionDefinition(nameof(DetachedSources), DisableParallelization = true)]
public sealed class DetachedSourcesAlone;
