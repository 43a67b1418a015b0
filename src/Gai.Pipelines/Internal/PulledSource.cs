using System.Diagnostics.CodeAnalysis;

namespace Gai.Pipelines.Internal;

/// <summary>A source that is pulled: an async enumerable.</summary>
internal sealed class PulledSource<T>(IAsyncEnumerable<T> items) : StreamSource<T>
{
    private IAsyncEnumerator<T>? _items;

    internal override bool MayBlock => true;

    internal override SourceState TryTake([MaybeNull] out T item)
    {
        SourceState state = Ask();
        item = state == SourceState.Ready ? _items!.Current : default;
        return state;
    }

    private protected override void OnStart(CancellationToken cancellationToken) => _items = items.GetAsyncEnumerator(cancellationToken);

    private protected override ValueTask<bool> AskAsync() => _items!.MoveNextAsync();

    private protected override ValueTask OnCloseAsync(StreamOutcome outcome) => _items?.DisposeAsync() ?? ValueTask.CompletedTask;
}
