using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Gai.Pipelines.Hosting;

/// <summary>Takes a request body as a stream of records: a parameter of a handler that is read while the response is written.</summary>
/// <typeparam name="T">The type of the records.</typeparam>
/// <remarks>
/// <para>
/// <c>app.MapPost("/translate", (NdjsonBody&lt;Row&gt; rows) => TypedResults.Extensions.EventStream(Translate(rows)))</c>. The
/// body is <c>application/x-ndjson</c> or <c>application/jsonl</c>; anything else is answered with 415. Nothing is read
/// before the enumeration asks for it, so a slow handler slows the client.
/// </para>
/// <para>
/// A record that cannot be read throws a <see cref="BadHttpRequestException"/> with its number: 400 while the head of the
/// response is not sent, an error record after it. Records are read once, on one thread at a time.
/// </para>
/// </remarks>
public sealed class NdjsonBody<T> : IAsyncEnumerable<T>, IBindableFromHttpContext<NdjsonBody<T>>, IEndpointParameterMetadataProvider
{
    private readonly HttpContext _context;
    private readonly JsonTypeInfo<T> _typeInfo;
    private readonly EventStreamProfile _profile;

    private NdjsonBody(HttpContext context, JsonTypeInfo<T> typeInfo, EventStreamProfile profile)
    {
        _context = context;
        _typeInfo = typeInfo;
        _profile = profile;
    }

    /// <summary>Binds the body of a request. Called by the framework.</summary>
    /// <param name="context">The request.</param>
    /// <param name="parameter">The parameter of the handler.</param>
    /// <returns>The body.</returns>
    /// <exception cref="BadHttpRequestException">The request has another content type (415).</exception>
    [SuppressMessage("Design", "CA1000", Justification = "The framework's mechanism for parameters asks for it.")]
    public static ValueTask<NdjsonBody<T>?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        ArgumentNullException.ThrowIfNull(context);
        RequireNdjson(context.Request.ContentType);
        EventStreamProfile profile = EventStreamServices.Executor(context).ProfileOf(context);
        LiftServerLimits(context, profile.Request.MaxBodyBytes);
        JsonOptions json = context.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value;
        return new(new NdjsonBody<T>(context, (JsonTypeInfo<T>)json.SerializerOptions.GetTypeInfo(typeof(T)), profile));
    }

    /// <summary>Reads the records.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The records.</returns>
    public async IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        using var body = new IdleTimeoutPipeReader(_context.Request.BodyReader, _profile.Request.IdleTimeout, _profile.Dialect.TimeProvider);
        await using IAsyncEnumerator<T?> records = NdjsonReader
            .ReadAsync(body, _typeInfo, _profile.Request.Reader, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (await MoveNextAsync(records))
        {
            yield return records.Current!;
        }
    }

    static void IEndpointParameterMetadataProvider.PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Metadata.Add(new AcceptsMetadata(["application/x-ndjson", "application/jsonl"], typeof(T)));
    }

    /// <summary>Reads on. What is wrong with a record is the client's fault, and it is told so.</summary>
    private static async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<T?> records)
    {
        try
        {
            return await records.MoveNextAsync();
        }
        catch (StreamReadException bad)
        {
            throw new BadHttpRequestException($"The request body is not what is expected here: {bad.Message}", StatusCodes.Status400BadRequest, bad);
        }
        catch (TimeoutException idle)
        {
            throw new BadHttpRequestException("The request body brought nothing for too long.", StatusCodes.Status408RequestTimeout, idle);
        }
    }

    private static void RequireNdjson(string? contentType)
    {
        bool isNdjson = MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? type) &&
            (type.MediaType.Equals("application/x-ndjson", StringComparison.OrdinalIgnoreCase) ||
             type.MediaType.Equals("application/jsonl", StringComparison.OrdinalIgnoreCase));
        if (!isNdjson)
        {
            throw new BadHttpRequestException(
                $"The request body must be application/x-ndjson or application/jsonl; its content type is {contentType ?? "missing"}. Set the Content-Type header.",
                StatusCodes.Status415UnsupportedMediaType);
        }
    }

    /// <summary>The server ends requests whose bodies are slow or large. A stream of records is both by nature, and has limits of its own.</summary>
    private static void LiftServerLimits(HttpContext context, long maxBodyBytes)
    {
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = maxBodyBytes;
        }
    }
}
