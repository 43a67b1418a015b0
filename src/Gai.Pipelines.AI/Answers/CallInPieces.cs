namespace Gai.Pipelines.AI;

/// <summary>A tool call whose input comes in pieces, for a dialect that tells it whole.</summary>
internal sealed class CallInPieces(string id)
{
    private readonly AnswerPart _input = new(AnswerPartKind.ToolCall, id);
    private JsonObjectScanner _scanner;
    private bool _isNoObject; // its first sign is no brace, so none that comes later begins it

    public string Id => id;

    public string Name => _input.Name ?? string.Empty;

    public bool HasName => _input.Name is not null;

    /// <summary>The input as far as it has come. Valid until the next piece, and until the call is told.</summary>
    public EventText Input => _input.Text;

    /// <summary>What the call takes, in bytes, more or less.</summary>
    public long Cost => _input.Cost;

    /// <summary>Whether the input is an object that has been closed. Other values end with the step: a number may always go on.</summary>
    public bool IsClosed => _scanner.IsComplete;

    /// <summary>Whether the client knows of the call.</summary>
    public bool IsBegun { get; set; }

    /// <summary>Whether the client has the whole call.</summary>
    public bool IsTold { get; private set; }

    /// <summary>Adds a piece.</summary>
    /// <exception cref="FormatException">The input goes on after its object has been closed.</exception>
    public void Add(in StreamEvent piece)
    {
        _input.NameIfUnnamed(piece.Name);
        if (IsTold)
        {
            if (IsClosed)
            {
                JsonObjectScanner.CheckIsBlank(piece.Text);
            }

            // If it is not closed, it was told as a whole, so nothing is missing.
            return;
        }

        int start = _input.Length;
        _input.Append(piece.Text);
        ReadOnlyMemory<byte> added = _input.Text.Utf8[start..];
        ReadOnlySpan<byte> said = added.Span.TrimStart(" \t\r\n"u8);
        _isNoObject |= !_scanner.HasBegun && !said.IsEmpty && said[0] != (byte)'{';
        if (!_isNoObject)
        {
            _scanner.Read(added);
        }
    }

    /// <summary>Says that the client has the whole call, and gives the memory of its input back.</summary>
    public void Tell()
    {
        IsTold = true;
        _input.Release();
    }
}
