using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>What a request wants produced. Nothing that the producer keeps of it belongs to the request.</summary>
/// <remarks>Of what flows with the request the producer gets the culture and a link to its activity, and nothing else: not the <see cref="HttpContext"/> of an accessor, which others will use.</remarks>
internal sealed class Production<T>
{
    private readonly ResumableStreams _streams;
    private readonly ResumableRequest _request;
    private readonly string _path;
    private readonly StreamSource<T> _source;
    private readonly EventStreamResultOptions? _options;
    private readonly DialectFactory<T> _dialects;
    private readonly PumpSettings _settings;
    private readonly CultureInfo _culture = CultureInfo.CurrentCulture;
    private readonly CultureInfo _uiCulture = CultureInfo.CurrentUICulture;
    private readonly ActivityContext? _begunBy = Activity.Current?.Context;
    private Dialect<T>? _dialect;
    private Activity? _activity;

    public Production(
        ResumableStreams streams,
        ResumableRequest request,
        HttpContext context,
        StreamFormat format,
        StreamSource<T> source,
        DialectFactory<T> dialects,
        EventStreamResultOptions? options)
    {
        _streams = streams;
        _request = request;
        _path = context.Request.Path;
        _source = source;
        _options = options;
        _dialects = dialects;
        _settings = streams.ProducingSettingsOf(context);
        _dialect = dialects.Create(streams.ProducingContextOf(context, format));
        Start = new LogStart
        {
            Key = request.Key,
            Format = format,
            Dialect = LogDialects.NameOf(dialects),
            Owner = request.Owner,
            Options = request.Endpoint.Options.Log,
        };
    }

    public LogStart Start { get; }

    public LogProducer<T> Produce()
    {
        _request.KeepForProducer();
        return new LogProducer<T>
        {
            Source = _source,
            Dialect = Interlocked.Exchange(ref _dialect, null)!,
            Settings = _settings,
            OnPrepared = OnPrepared,
            OnStarting = OnStarting,
            OnEnded = OnEnded,
        };
    }

    // Whoever attaches, and be it at once, reads in the dialect that the log is written in.
    private void OnPrepared(StreamLog log) => Reading.Of(log).Know(_dialects);

    private void OnStarting()
    {
        CultureInfo.CurrentCulture = _culture;
        CultureInfo.CurrentUICulture = _uiCulture;
        _activity = StreamTelemetry.BeginProducing(_begunBy);
    }

    private void OnEnded(StreamLog log, StreamOutcome outcome)
    {
        _request.Endpoint.Leave();
        _streams.OnProduced(_path, log, outcome);
        _streams.Notify(_path, _options, outcome);
        _ = _request.DisposeAsync().AsTask();

        // Last: a listener may throw.
        StreamTelemetry.EndProducing(_activity, outcome);
    }
}
