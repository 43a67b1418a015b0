using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.Hosting;

/// <summary>An endpoint whose streams can be resumed: it stands before the handler, which runs only if a stream is to begin.</summary>
internal sealed class ResumableEndpoint
{
    private const string Kind = "stream";

    private readonly RequestDelegate _handler;
    private readonly string _name;
    private readonly string _prefix;
    private int _producers;

    private ResumableEndpoint(RequestDelegate handler, string name, ResumableOptions options)
    {
        _handler = handler;
        _name = NameOf(name);
        _prefix = LogKey.Of(Kind, _name).ToString();
        Options = options;
    }

    public ResumableOptions Options { get; }

    /// <summary>Puts itself before the handler of an endpoint.</summary>
    /// <exception cref="InvalidOperationException">The endpoint answers DELETE itself, is resumable already, or has filters that nothing stands in for.</exception>
    public static void AddTo(EndpointBuilder builder, ResumableOptions options)
    {
        string route = (builder as RouteEndpointBuilder)?.RoutePattern.RawText ?? builder.DisplayName ?? string.Empty;
        if (builder.Metadata.OfType<ResumableEndpoint>().Any())
        {
            throw new InvalidOperationException($"Resumable was called twice for {route}. Set all of its options in one call.");
        }

        if (options.MayRead is null && builder.FilterFactories.Any(static filter => !IsValidation(filter)))
        {
            throw new InvalidOperationException(
                $"Endpoint filters run with the handler, and so only for the request that begins a stream: {route} has one, and requests that resume, read or cancel a stream would pass it by. " +
                "Check them by authorization or in a middleware instead, or set MayRead, which is asked for each of them.");
        }

        RequestDelegate handler = builder.RequestDelegate ?? throw new InvalidOperationException($"{route} has no handler. Call Resumable on a mapped endpoint.");
        var endpoint = new ResumableEndpoint(handler, options.Name ?? route, options);
        builder.RequestDelegate = endpoint.InvokeAsync;
        builder.Metadata.Add(endpoint);
        if (builder.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault() is { HttpMethods.Count: > 0 } methods)
        {
            if (methods.HttpMethods.Contains(HttpMethods.Delete, StringComparer.OrdinalIgnoreCase))
            {
                throw new InvalidOperationException($"DELETE on a resumable endpoint cancels its stream, and {route} is mapped for DELETE. Map it for other methods.");
            }

            builder.Metadata.Add(new HttpMethodMetadata([.. methods.HttpMethods, HttpMethods.Delete], methods.AcceptCorsPreflight));
        }
    }

    /// <summary>Whether it shares its streams with another one.</summary>
    public bool HasNameOf(ResumableEndpoint other) => _name == other._name;

    /// <summary>Whether a log is of this endpoint, or of one with its name, and has the key that the request names, if it names one.</summary>
    public bool Owns(LogDescription log, LogKey key) =>
        log.Kind == LogKind.Generation && log.Key.Value?.StartsWith(_prefix, StringComparison.Ordinal) == true && (key.IsNone || key == log.Key);

    public ValueTask<bool> MayReadAsync(HttpContext context, LogDescription log) =>
        Options.MayRead is { } mayRead ? mayRead(context, log) : new(log.Owner == StreamOwner.Of(context));

    /// <summary>Takes a place among the producers.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _producers) <= Options.MaxProducers)
        {
            return true;
        }

        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _producers);

    /// <summary>Names the stream of a request.</summary>
    /// <returns>No key if the application gives none.</returns>
    /// <exception cref="ArgumentException">The application's key is none.</exception>
    public LogKey KeyOf(HttpContext context, string? owner)
    {
        if (Options.Key?.Invoke(context) is not { } key)
        {
            return default;
        }

        // Checked as it is, so that what is wrong is told of it and not of what is made of it.
        _ = new LogKey(key);
        return KeyOf(_name, Options.MayRead is null ? owner : null, key);
    }

    public LogKey NewKey() => LogKey.Of(Kind, _name, "new", LogKey.New().ToString());

    public static LogKey KeyOf(string name, string? owner, string key)
    {
        name = NameOf(name);
        owner = owner is null ? string.Empty : owner.Length <= 48 && owner.All(static letter => letter is >= ' ' and <= '~') ? $"of {owner}" : $"of {Hash(owner)}";
        return LogKey.Of(Kind, name, owner, key.Length <= 64 ? key : $"#{Hash(key)}");
    }

    /// <summary>Runs the handler, whose source outlives the request.</summary>
    public async Task HandleAsync(HttpContext context, ResumePoint point, LogKey key, string? owner)
    {
        ResumableRequest request = ResumableRequest.Begin(context, this, point, key, owner);
        try
        {
            await _handler(context);
        }
        finally
        {
            request.Restore();
            await request.DisposeAsync();
        }
    }

    // AddValidation adds one to every endpoint. It checks what the handler gets, and keeps nobody from reading.
    private static bool IsValidation(Func<EndpointFilterFactoryContext, EndpointFilterDelegate, EndpointFilterDelegate> filter) =>
        filter.Method.DeclaringType?.FullName == "Microsoft.AspNetCore.Http.Validation.ValidationEndpointFilterFactory";

    private static string NameOf(string name) => name.Length <= 100 ? name : $"#{Hash(name)}";

    // Of the units as they are: as UTF-8 all halves of pairs would be the same, and so would those whose names differ in them only.
    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(text.AsSpan())));

    private Task InvokeAsync(HttpContext context) =>
        context.RequestServices.GetRequiredService<ResumableStreams>().HandleAsync(context, this);
}
