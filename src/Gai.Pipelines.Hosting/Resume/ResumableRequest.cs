using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.Hosting;

/// <summary>A request whose handler is to give the source of a stream that outlives it.</summary>
/// <remarks>
/// The handler gets a token and a scope of services that are the producer's, in place of the request's own: what it gives to its source goes on
/// when the client has left and its request is over. They end with the producer, or with the request if that begins none.
/// </remarks>
internal sealed class ResumableRequest : IAsyncDisposable
{
    private HttpContext? _context;
    private readonly CancellationToken _aborted;
    private IServiceProvider? _services;
    private readonly CancellationTokenSource _producing = new();
    private readonly AsyncServiceScope _scope;
    private CancellationTokenRegistration _leaving;
    private int _owners = 1;

    private ResumableRequest(HttpContext context, ResumableEndpoint endpoint, ResumePoint point, LogKey key, string? owner)
    {
        _context = context;
        _aborted = context.RequestAborted;
        _services = context.RequestServices;
        _scope = _services.CreateAsyncScope();
        Endpoint = endpoint;
        Point = point;
        Key = key;
        Owner = owner;
    }

    public ResumableEndpoint Endpoint { get; }

    public ResumePoint Point { get; }

    public LogKey Key { get; }

    public string? Owner { get; }

    /// <summary>Begins it: from here on the handler sees the producer's token and services.</summary>
    public static ResumableRequest Begin(HttpContext context, ResumableEndpoint endpoint, ResumePoint point, LogKey key, string? owner)
    {
        var request = new ResumableRequest(context, endpoint, point, key, owner);
        context.Features.Set(request);
        context.RequestAborted = request._producing.Token;
        context.RequestServices = request._scope.ServiceProvider;
        return request;
    }

    /// <summary>Gives the request back what is its own: the handler is through.</summary>
    public void Restore()
    {
        if (_context is null)
        {
            return;
        }

        _context.Features.Set<ResumableRequest>(null);
        _context.RequestAborted = _aborted;
        _context.RequestServices = _services!;

        // A producer keeps this, and must not keep the request.
        _context = null;
        _services = null;
    }

    /// <summary>Lets the handler's token end with the client all the same: its stream turns out to be one that cannot be resumed.</summary>
    public void EndWithClient() =>
        _leaving = _aborted.UnsafeRegister(static producing => ((CancellationTokenSource)producing!).Cancel(), _producing);

    /// <summary>Makes the services the producer's, which disposes of this as well. Before it begins: it may end at once.</summary>
    public void KeepForProducer() => Interlocked.Increment(ref _owners);

    /// <summary>Cancels the handler's token when the log ends.</summary>
    public void EndWith(StreamLog log) => _ = CancelAtEndAsync(log);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Decrement(ref _owners) == 0)
        {
            await _leaving.DisposeAsync();

            // Without a producer nobody else tells the handler's work that it is over.
            await _producing.CancelAsync();
            await _scope.DisposeAsync();
        }
    }

    private async Task CancelAtEndAsync(StreamLog log)
    {
        await log.Ended;
        await _producing.CancelAsync();
    }
}
