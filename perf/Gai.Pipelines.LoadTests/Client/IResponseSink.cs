namespace Gai.Pipelines.LoadTests.Client;

/// <summary>Who hears what a response brings.</summary>
internal interface IResponseSink
{
    /// <summary>Something has come, at a time in microseconds.</summary>
    void OnFirstByte(long now);

    /// <summary>The head is whole, and its status is 200.</summary>
    void OnHead();

    /// <summary>Bytes of the body have come.</summary>
    void OnBody(ReadOnlySpan<byte> payload, long now);

    /// <summary>The response has ended as the protocol wants it.</summary>
    void OnEnd();

    /// <summary>It ended in any other way, or is no good.</summary>
    void OnFailure(string problem);
}
