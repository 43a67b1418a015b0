using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Hosting;

/// <summary>Holds what can be chosen about an endpoint whose streams can be resumed.</summary>
/// <remarks>Set it in <c>Resumable(...)</c>. All values are checked there; after that, changes have no effect.</remarks>
public sealed class ResumableOptions
{
    /// <summary>Gets or sets what names the stream of a request: two requests with one key get one stream, produced once.</summary>
    /// <value>
    /// Default <see langword="null"/>: each request without an id begins a stream of its own. A key has 1 to 256 characters, none of them a control character; for
    /// <see langword="null"/> a request has none. Without <see cref="MayRead"/> a key belongs to its principal: two principals with the same key have two streams.
    /// It is asked before the handler, on every request.
    /// </value>
    public Func<HttpContext, string?>? Key { get; set; }

    /// <summary>Gets or sets who may read a stream that somebody else began, resume it and cancel it.</summary>
    /// <value>
    /// Default <see langword="null"/>: only the principal that began it, by its name identifier (<see cref="System.Security.Claims.ClaimTypes.NameIdentifier"/>). A stream that nobody signed in
    /// began can be read by whoever is not signed in and has its id, which cannot be guessed; one of a principal without name identifier by nobody. Who may not is answered with 404, as if there were no such stream; behind an id of an event
    /// with 412 where <see cref="Missed"/> refuses. (Where it does not, an id that is nobody's begins a new stream.)
    /// The endpoint's own authorization comes first, each time. Its filters do not: they run with the handler, so an endpoint that has some needs this.
    /// </value>
    public Func<HttpContext, LogDescription, ValueTask<bool>>? MayRead { get; set; }

    /// <summary>Gets or sets what a client gets whose id is not, or no longer, enough to go on.</summary>
    /// <value>Default <see cref="MissedEvents.Gap"/>.</value>
    public MissedEvents Missed { get; set; }

    /// <summary>Gets or sets the bounds of each stream's log.</summary>
    /// <value>Default <see cref="LogOptions.Default"/>: 100,000 events, 8 MiB, 10 min after the end, abandoned after 2 min without any reader.</value>
    public LogOptions Log { get; set; } = LogOptions.Default;

    /// <summary>Gets or sets how many streams of the endpoint this server produces at once, read or not.</summary>
    /// <value>Default 1,000; at least 1. One more is answered with 503. Limits of open streams do not count those that nobody reads just now, so a client could begin any number of them.</value>
    public int MaxProducers { get; set; } = 1000;

    /// <summary>Gets or sets the name under which the endpoint finds its streams again.</summary>
    /// <value>Default <see langword="null"/>: its route. Endpoints of one name share their streams, such as a POST that begins them and a GET that reads them. On one route they need one name: each answers DELETE.</value>
    public string? Name { get; set; }

    /// <exception cref="OptionsValidationException">A value is out of its range.</exception>
    internal void Validate()
    {
        var failures = new List<string>();
        if (MaxProducers < 1)
        {
            failures.Add(FormattableString.Invariant($"MaxProducers is {MaxProducers:N0}. Set it to at least 1."));
        }

        if (Log is null)
        {
            failures.Add("Log is null. Set the bounds of a log, or leave it out.");
        }

        if (!Enum.IsDefined(Missed))
        {
            failures.Add($"Missed is {Missed}. Set it to Gap, Refuse or FromStart.");
        }

        if (Name is { Length: 0 })
        {
            failures.Add("Name is empty. Give the endpoint a name, or leave it out to use its route.");
        }

        if (failures.Count > 0)
        {
            throw new OptionsValidationException(nameof(ResumableOptions), typeof(ResumableOptions), failures);
        }
    }
}
