namespace Gai.Pipelines;

/// <summary>Says what is wrong with a stream that is read.</summary>
public enum StreamReadError
{
    /// <summary>A record is not one JSON value, or not one of the type that is expected.</summary>
    InvalidJson,

    /// <summary>A record or an event is not valid UTF-8.</summary>
    InvalidUtf8,

    /// <summary>A record, a line or an event is longer than the limit.</summary>
    TooLarge,

    /// <summary>An event has more lines than the limit.</summary>
    TooManyLines,

    /// <summary>The stream ended before it was complete.</summary>
    Truncated,
}

/// <summary>Tells what is wrong with a stream that is read, and where.</summary>
/// <remarks>All records and events before the place have been delivered.</remarks>
public class StreamReadException : Exception
{
    /// <summary>Tells it.</summary>
    /// <param name="error">What is wrong.</param>
    /// <param name="number">The number of the record or event, from 1.</param>
    /// <param name="byteOffset">Where it begins in the stream, in bytes from 0.</param>
    /// <param name="message">The rule, what came, the remedy.</param>
    /// <param name="innerException">The parser's own error, if there is one.</param>
    public StreamReadException(StreamReadError error, long number, long byteOffset, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Error = error;
        Number = number;
        ByteOffset = byteOffset;
    }

    /// <summary>Gets what is wrong.</summary>
    public StreamReadError Error { get; }

    /// <summary>Gets the number of the record or event, from 1.</summary>
    public long Number { get; }

    /// <summary>Gets where it begins in the stream, in bytes from 0.</summary>
    public long ByteOffset { get; }
}

/// <summary>Tells that a stream ended before it was complete: its connection broke, or its sender gave up.</summary>
public sealed class TruncatedStreamException : StreamReadException
{
    /// <summary>Tells it.</summary>
    /// <param name="number">The number of the record or event that is missing or cut, from 1.</param>
    /// <param name="byteOffset">Where it begins in the stream, in bytes from 0.</param>
    /// <param name="message">What is missing.</param>
    /// <param name="innerException">What the connection said, if it did.</param>
    public TruncatedStreamException(long number, long byteOffset, string message, Exception? innerException = null)
        : base(StreamReadError.Truncated, number, byteOffset, message, innerException)
    {
    }
}
