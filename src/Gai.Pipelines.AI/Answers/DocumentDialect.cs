namespace Gai.Pipelines.AI;

/// <summary>Collects an answer and writes it as one document: what a vendor sends to a client that did not ask for a stream.</summary>
internal abstract class DocumentDialect : StreamEventDialect
{
    private readonly CollectedAnswer _answer = new();

    public sealed override DocumentShape DocumentShape => DocumentShape.OneValue;

    protected sealed override void WriteFrame(FrameWriter output, in StreamEvent item)
    {
        _answer.Add(item);
        OnEvent(item);
        if (_answer.Cost > output.MaxFrameBytes)
        {
            throw new FrameTooLargeException(output.MaxFrameBytes);
        }
    }

    /// <summary>Writes nothing: a failure before the document is a status and the vendor's failure document.</summary>
    protected sealed override void WriteErrorFrame(FrameWriter output, in StreamError error)
    {
    }

    protected sealed override void WriteEndFrame(FrameWriter output)
    {
        WriteDocument(output, _answer);
        _answer.Release();
    }

    /// <summary>Sees an event as it comes, for a vendor that tells how long the parts of an answer took.</summary>
    protected virtual void OnEvent(in StreamEvent item)
    {
    }

    /// <summary>Writes the whole answer.</summary>
    protected abstract void WriteDocument(FrameWriter output, CollectedAnswer answer);
}
