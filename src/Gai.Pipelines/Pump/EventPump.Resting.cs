namespace Gai.Pipelines;

// How it waits under a window: for as long as bytes are held for it, what comes gathers in the source, and nobody is woken for it.
public sealed partial class EventPump<T>
{
    private bool _isResting;

    /// <summary>Waits for the source's next event, or for the end of the window if something is held for it.</summary>
    private void PrepareToWait()
    {
        if (_output.UnflushedBytes == 0 || !Rest())
        {
            _source.WakeWhenReady();
        }
    }

    /// <summary>Lets events gather in the source until the window ends, since theirs would end with it.</summary>
    /// <returns>Whether the source can do so without keeping anybody waiting.</returns>
    private bool Rest()
    {
        bool isNewWindow = _wake.HoldUntilWindowEnds();
        return _isResting = !Settings.CountsGathering && _source.TryRest(isNewWindow);
    }

    /// <summary>Has encoded what has gathered, and the end behind it: when the window ends, and before a farewell.</summary>
    /// <returns>Whether the next window is worth a rest as well.</returns>
    private bool TakeGathered()
    {
        _wake.EndWindow();

        // What is left when it has to be flushed comes before a farewell as well; otherwise it comes as any event does.
        _isResting = !_source.HandOverGathered(this, out bool mayRestAgain) && _ending is not null;
        if (!mayRestAgain && !_isResting && !_output.MustFlush)
        {
            // Whatever it says of the source, the loop asks again.
            _ = TakeReady();
        }

        return mayRestAgain;
    }

    /// <summary>Whether anything is held. If not, the window is over: no flush ends one that has had nothing to flush.</summary>
    private bool HoldsBytes()
    {
        if (_output.UnflushedBytes > 0)
        {
            return true;
        }

        _wake.EndWindow();
        return false;
    }
}
