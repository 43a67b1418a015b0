using System.Buffers;
using System.Text.Json;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.AI;

/// <summary>One endpoint of a vendor: how its requests are read, its answers written, its failures worded.</summary>
/// <typeparam name="TCall">What a request of it becomes.</typeparam>
/// <remarks>Stateless: one instance serves all requests.</remarks>
internal abstract class ChatApi<TCall> : IFailureDocument
    where TCall : ChatCall
{
    /// <summary>The format of a streamed answer. Clients' <c>Accept</c> headers do not tell, so it is never negotiated.</summary>
    public virtual StreamFormat StreamFormat => StreamFormat.ServerSentEvents;

    public virtual string ContentType => "application/json";

    /// <summary>Reads a request.</summary>
    /// <exception cref="StreamErrorException">It is wrong, or asks for what cannot be honoured.</exception>
    public abstract TCall Read(RequestValue body);

    /// <summary>Begins an answer: a stream of <see cref="StreamFormat"/>, or one document.</summary>
    public abstract Dialect<StreamEvent> Begin(TCall call, DialectContext context);

    /// <summary>Sets headers that the vendor's answers have, failures included.</summary>
    public virtual void SetHeaders(HttpContext context)
    {
    }

    public virtual int StatusOf(in StreamError error, int status) => status;

    /// <inheritdoc/>
    public virtual void Write(IBufferWriter<byte> body, in StreamError error, int status)
    {
        using var json = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        WriteFailure(json, error, status);
    }

    /// <summary>Words a failure before the stream as JSON. A vendor whose failures are none overrides <see cref="Write"/> instead.</summary>
    protected virtual void WriteFailure(Utf8JsonWriter json, in StreamError error, int status)
    {
    }
}
