using System.Diagnostics.CodeAnalysis;
using System.Globalization;
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
/// response is not sent, an error record after it, and so does a <c>null</c> (unless <typeparamref name="T"/> is a nullable value type). A body that
/// is larger than <see cref="EventStreamOptions.MaxRequestBodyBytes"/> is answered with 413, one that is silent for longer
/// than <see cref="EventStreamOptions.RequestIdleTimeout"/> with 408. Records are read once, on one thread at a time.
    /// A handler whose streams are <c>Resumable</c> cannot take one: its source outlives the request, and so the body.
/// </para>
/// </remarks>
public sealed class NdjsonBody<T> : IAsyncEnumerable<T>, IBindableFromHttpContext<NdjsonBody<T>>, IEndpointParameterMetadataProvider
{
    private readonly HttpContext _context;
    private readonly JsonTypeInfo<T> _typeInfo;
    private readonly EventStreamProfile _profile;
    private bool _isTaken;

    private NdjsonBody(HttpContext context, JsonTypeInfo<T> typeInfo, EventStreamProfile profile)
    {
        _context = context;
        _typeInfo = typeInfo;
        _profile = profile;
    }

    // Nullable<T> says that null is a value; a nullable reference type cannot be told from another one here.
    private static bool MayBeNull => typeof(T).IsValueType;

    /// <summary>Binds the body of a request. Called by the framework.</summary>
    /// <param name="context">The request.</param>
    /// <param name="parameter">The parameter of the handler.</param>
    /// <returns>The body.</returns>
    /// <exception cref="BadHttpRequestException">The request has another content type (415).</exception>
    /// <exception cref="InvalidOperationException">The endpoint's streams are resumable.</exception>
    [SuppressMessage("Design", "CA1000", Justification = "The framework's mechanism for parameters asks for it.")]
    public static ValueTask<NdjsonBody<T>?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Features.Get<ResumableRequest>() is not null)
        {
            throw new InvalidOperationException(
                "A resumable stream outlives its request, whose body ends with it, so NdjsonBody cannot be its source. Read the records of HttpContext.Request.Body in the handler before it returns the stream, or map the endpoint without Resumable.");
        }

        RequireNdjson(context.Request.ContentType);
        EventStreamProfile profile = EventStreamServices.Executor(context).ProfileOf(context);
        LiftServerLimits(context, profile.Request.MaxBodyBytes);
        JsonOptions json = context.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value;
        return new(new NdjsonBody<T>(context, (JsonTypeInfo<T>)json.SerializerOptions.GetTypeInfo(typeof(T)), profile));
    }

    /// <summary>Reads the records.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The records.</returns>
    /// <exception cref="InvalidOperationException">The body is being read, or has been.</exception>
    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        Interlocked.Exchange(ref _isTaken, true)
            ? throw new InvalidOperationException("A request body comes only once: NdjsonBody can be enumerated once. Keep the records that are needed again.")
            : EnumerateAsync(cancellationToken);

    static void IEndpointParameterMetadataProvider.PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Metadata.Add(new AcceptsMetadata(["application/x-ndjson", "application/jsonl"], typeof(T)));
    }

    private async IAsyncEnumerator<T> EnumerateAsync(CancellationToken cancellationToken)
    {
        using var body = new IdleTimeoutPipeReader(_context.Request.BodyReader, _profile.Request.IdleTimeout, _profile.Dialect.TimeProvider);
        await using IAsyncEnumerator<T?> records = NdjsonReader
            .ReadAsync(body, _typeInfo, _profile.Request.Reader, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        for (long number = 1; await MoveNextAsync(records); number++)
        {
            yield return records.Current is { } record || MayBeNull ? records.Current! : throw IsNull(number);
        }
    }

    /// <summary>Reads on. What is wrong with a record is the client's fault, and it is told so.</summary>
    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<T?> records)
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
            throw new BadHttpRequestException(
                $"The request body brought nothing for {_profile.Request.IdleTimeout}. Send records more often, or end the request.",
                StatusCodes.Status408RequestTimeout,
                idle);
        }
        catch (IOException lost) when (lost is not BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge })
        {
            await IsAbortedAsync(_context.RequestAborted);
            throw;
        }
    }

    /// <summary>Waits until the server says itself that the client has left, which the body tells a moment earlier: it is no failure of the source.</summary>
    private static async Task IsAbortedAsync(CancellationToken requestAborted) =>
        await Task.Delay(TimeSpan.FromSeconds(1), requestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static BadHttpRequestException IsNull(long number) => new(
        string.Create(CultureInfo.InvariantCulture, $"The request body is not what is expected here: record {number:N0}: it is null, and a value is expected."));

    private static void RequireNdjson(string? contentType)
    {
        bool isNdjson = MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? type) &&
            (type.MediaType.Equals("application/x-ndjson", StringComparison.OrdinalIgnoreCase) ||
             type.MediaType.Equals("application/jsonl", StringComparison.OrdinalIgnoreCase)) &&
            (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
        if (!isNdjson)
        {
            throw new BadHttpRequestException(
                $"The request body must be application/x-ndjson or application/jsonl, in UTF-8; its content type is {contentType ?? "missing"}. Set the Content-Type header.",
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
