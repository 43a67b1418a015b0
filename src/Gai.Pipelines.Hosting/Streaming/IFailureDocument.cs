using System.Buffers;

namespace Gai.Pipelines.Hosting;

/// <summary>Words the failures of an endpoint before its stream begins, in place of a problem document.</summary>
/// <remarks>
/// Add it to the metadata of an endpoint whose clients expect errors of a form of their own. It answers for whatever goes
/// wrong before the head of the response is sent: a request that cannot be read, a source that fails inside the commit
/// window, a server that shuts down. Implementations are immutable and safe to share between threads.
/// </remarks>
public interface IFailureDocument
{
    /// <summary>Gets the media type of the document, such as <c>application/json</c>.</summary>
    string ContentType { get; }

    /// <summary>Gives the status of a failure.</summary>
    /// <param name="error">The error.</param>
    /// <param name="status">The status that a problem document would have.</param>
    /// <returns>The status, from 400 to 599.</returns>
    int StatusOf(in StreamError error, int status);

    /// <summary>Writes the document.</summary>
    /// <param name="body">Where to.</param>
    /// <param name="error">The error. All of it is meant for the client.</param>
    /// <param name="status">The status with which it is sent.</param>
    void Write(IBufferWriter<byte> body, in StreamError error, int status);
}
