namespace Gai.Pipelines.AI;

/// <summary>The calls of a step, whole or in pieces, which may come by turns. Made when the first one begins.</summary>
internal sealed class CallsInPieces
{
    private readonly OrderedDictionary<string, CallInPieces> _calls = new(StringComparer.Ordinal);
    private long _cost;

    /// <summary>The calls that the client does not have whole yet, in the order in which they began.</summary>
    public IEnumerable<CallInPieces> Untold => _calls.Values.Where(static call => !call.IsTold).ToArray();

    /// <summary>Adds a piece to its call, or begins it.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="mostBytes">What all calls that are not told may take together.</param>
    /// <exception cref="FrameTooLargeException">They have grown beyond that.</exception>
    /// <exception cref="FormatException">The input goes on after its object has been closed.</exception>
    public CallInPieces Add(in StreamEvent piece, int mostBytes)
    {
        CallInPieces call = Of(piece.Id!);
        long before = call.Cost;
        call.Add(piece);
        _cost += call.Cost - before;
        return Charged(call, mostBytes);
    }

    /// <summary>Finds a call that its source tells whole, whether or not pieces of it have come.</summary>
    /// <exception cref="FrameTooLargeException">The calls take more than they may.</exception>
    public CallInPieces AddWhole(in StreamEvent call, int mostBytes) => Charged(Of(call.Id!), mostBytes);

    public CallInPieces? Find(string id) => _calls.GetValueOrDefault(id);

    /// <summary>Says that the client has the whole call.</summary>
    public void Tell(CallInPieces call)
    {
        _cost -= call.Cost;
        call.Tell();
        _cost += call.Cost;
    }

    /// <summary>Forgets what is told: a later step may use an id again.</summary>
    public void ForgetTold()
    {
        CallInPieces[] untold = [.. Untold];
        _calls.Clear();
        _cost = 0;
        foreach (CallInPieces call in untold)
        {
            _calls.Add(call.Id, call);
            _cost += call.Cost;
        }
    }

    private CallInPieces Of(string id)
    {
        if (!_calls.TryGetValue(id, out CallInPieces? call))
        {
            call = new CallInPieces(id);
            _calls.Add(id, call);
            _cost += call.Cost;
        }

        return call;
    }

    private CallInPieces Charged(CallInPieces call, int mostBytes) => _cost <= mostBytes ? call : throw new FrameTooLargeException(mostBytes);
}
