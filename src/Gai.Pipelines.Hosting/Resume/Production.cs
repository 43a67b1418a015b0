using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>What a request wants produced. Nothing that the producer keeps of it belongs to the request.</summary>
internal sealed class Production<T>
{
    private readonly ResumableStreams _streams;
    private readonly ResumableRequest _request;
    private readonly string _path;
    private readonly StreamSource<T> _source;
    private readonly EventStreamResultOptions? _options;
    private readonly PumpSettings _settings;
    private Dialect<T>? _dialect;

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
            OnEnded = OnEnded,
        };
    }

    private void OnEnded(StreamLog log, StreamOutcome outcome)
    {
        _request.Endpoint.Leave();
        _streams.OnProduced(_path, log, outcome);
        _streams.Notify(_path, _options, outcome);
        _ = _request.DisposeAsync().AsTask();
    }
}
