namespace Gai.Pipelines.Internal;

/// <summary>A source that is pulled: an async enumerable.</summary>
internal sealed class PulledSource<T>(IAsyncEnumerable<T> items) : AskedSource<T>
{
    private IAsyncEnumerator<T>? _items;

    internal override bool MayBlock => true;

    internal override SourceState HandOver(EventPump<T> pump)
    {
        IAsyncEnumerator<T> enumerator = _items!;
        SourceState state;
        do
        {
            state = Ask();
        }
        while (state == SourceState.MayHaveMore && pump.Accept(enumerator.Current));
        return state;
    }

    internal override async Task CloseAsync(StreamOutcome outcome)
    {
        // An async iterator must not be disposed of in the middle of MoveNextAsync: it throws NotSupportedException.
        await ForgetQuestionAsync();
        if (_items is not null)
        {
            await _items.DisposeAsync();
        }
    }

    private protected override void OnStart(ReadyQueue? queue) => _items = items.GetAsyncEnumerator(MakeCancellation());

    private protected override ValueTask<bool> AskAsync() => _items!.MoveNextAsync();
}
