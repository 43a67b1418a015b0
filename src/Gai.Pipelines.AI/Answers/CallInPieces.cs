namespace Gai.Pipelines.AI;

/// <summary>A tool call whose input comes in pieces, for a dialect that tells it whole.</summary>
internal sealed class CallInPieces(string id)
{
    private readonly AnswerPart _input = new(AnswerPartKind.ToolCall, id);
    private JsonObjectScanner _scanner;

    public string Id => id;

    public string Name => _input.Name ?? string.Empty;

    public bool HasName => _input.Name is not null;

    /// <summary>The input as far as it has come. Valid until the next piece.</summary>
    public EventText Input => _input.Text;

    /// <summary>Whether the input is an object that has been closed. Other values end with the step: a number may always go on.</summary>
    public bool IsClosed => _scanner.IsComplete;

    /// <summary>Whether the client knows of the call.</summary>
    public bool IsBegun { get; set; }

    /// <summary>Whether the client has the whole call.</summary>
    public bool IsTold { get; set; }

    /// <summary>Adds a piece.</summary>
    /// <exception cref="FrameTooLargeException">The call has grown beyond what one frame may hold.</exception>
    /// <exception cref="FormatException">The input goes on after its object has been closed.</exception>
    public void Add(in StreamEvent piece, int mostBytes)
    {
        _input.NameIfUnnamed(piece.Name);
        if (IsTold && !IsClosed)
        {
            // It was told as a whole, so nothing is missing.
            return;
        }

        int start = _input.Length;
        _input.Append(piece.Text);
        if (_input.Length > mostBytes)
        {
            throw new FrameTooLargeException(mostBytes);
        }

        ReadOnlyMemory<byte> added = _input.Text.Utf8[start..];
        if (_scanner.HasBegun || added.Span.TrimStart(" \t\r\n"u8).StartsWith((byte)'{'))
        {
            _scanner.Read(added);
        }
    }
}

/// <summary>The calls of an answer that come in pieces, by turns perhaps. Made when the first one begins.</summary>
internal sealed class CallsInPieces
{
    private readonly List<CallInPieces> _calls = [];

    /// <summary>The calls that the client does not have whole yet, in the order in which they began.</summary>
    public IEnumerable<CallInPieces> Untold => _calls.Where(static call => !call.IsTold).ToArray();

    /// <summary>Finds the call of an id, or begins it.</summary>
    public CallInPieces Of(string id)
    {
        if (Find(id) is { } known)
        {
            return known;
        }

        var call = new CallInPieces(id);
        _calls.Add(call);
        return call;
    }

    public CallInPieces? Find(string id) => _calls.FindLast(call => call.Id == id);

    /// <summary>Forgets what is told: a later step may use an id again.</summary>
    public void ForgetTold() => _calls.RemoveAll(static call => call.IsTold);
}
