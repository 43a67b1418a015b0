using System.Globalization;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Fuzz;

/// <summary>Our own dialects for AI streams.</summary>
internal static class GaiLanes
{
    public static IReadOnlyList<Lane> All { get; } =
    [
        new("gai over SSE", Reading.EventsOfJson, 10, choices => new GaiStream(choices, Dialects.Gai, StreamFormat.ServerSentEvents, new GaiShape())),
        new("gai over NDJSON", Reading.Records, 10, choices => new GaiStream(choices, Dialects.Gai, StreamFormat.Ndjson, new GaiRecordShape())),
        new("gai.events.v1 over SSE", Reading.EventsOfJson, 6, choices => new GaiStream(choices, Dialects.GaiEvents, StreamFormat.ServerSentEvents, new GaiEventsShape())),
        new("gai.events.v1 over NDJSON", Reading.Records, 6, choices => new GaiStream(choices, Dialects.GaiEvents, StreamFormat.JsonLines, new GaiEventsShape())),
    ];

    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddMilliseconds(1_763_800_000_123);

    private static readonly ManualTimeProvider Clock = new(Now);

    /// <summary>One stream: what goes in, and the frames that must come of it.</summary>
    private sealed class GaiStream : FuzzStream
    {
        private readonly DialectSettings _settings;
        private readonly StreamIdentity _identity;
        private readonly Dialect<StreamEvent> _dialect;
        private readonly GaiShape _shape;
        private readonly CutText _cut = new();
        private readonly Canonical _json = new();
        private readonly bool _isSse;
        private long _number;

        public GaiStream(Choices choices, DialectFactory<StreamEvent> factory, StreamFormat format, GaiShape shape)
        {
            string errorName = HostileText.Field(choices);
            _settings = new DialectSettings
            {
                EventIds = choices.OneIn(2),
                Timestamps = choices.OneIn(2),
                TimeProvider = Clock,
                ErrorEventName = HostileText.IsField(errorName) && errorName.Length > 0 ? new EventName(errorName) : new EventName("gai.error"),
            };
            _identity = new StreamIdentity(choices.OneIn(2) ? HostileText.Any(choices) : null, choices.OneIn(2) ? HostileText.Any(choices) : null);
            _isSse = format == StreamFormat.ServerSentEvents;
            _dialect = factory.Create(new DialectContext(format, _settings, _identity));
            _shape = shape;
        }

        public override void Write(Choices choices, FrameWriter output, Expected expected)
        {
            StreamEvent item = AnyEvent.Make(choices, _json);
            _dialect.WriteEvent(output, item);
            foreach (StreamEvent next in _cut.Next(item))
            {
                Expect(next, expected);
            }
        }

        public override void Close(Choices choices, FrameWriter output, Expected expected)
        {
            foreach (StreamEvent last in _cut.Last())
            {
                Expect(last, expected);
            }

            if (choices.OneIn(2))
            {
                StreamError error = AnyEvent.Error(choices);
                _dialect.WriteError(output, error);
                _number++;
                string? id = error.Temporary ? (_shape.AlwaysNumbers ? Number() : null) : "gai.failed";
                Begin(expected, _settings.ErrorEventName.Value!, id, error.Temporary ? error.RetryAfter : null);
                Envelope(expected, "error", Now);
                _shape.Error(expected.Node, error);
            }
            else
            {
                _dialect.WriteEnd(output);
                Begin(expected, "done", "gai.done");
                _shape.Done(expected.Node, _isSse);
            }

            expected.Node.Mark('}');
            expected.End();
        }

        private void Expect(in StreamEvent item, Expected expected)
        {
            // The short way for deltas has no number: it is taken only where none is written.
            _number++;
            string name = _shape.NameOf(item.Type);
            Begin(expected, name, _shape.AlwaysNumbers || _settings.EventIds ? Number() : null);
            Envelope(expected, name, item.Timestamp ?? Now);
            _shape.Event(expected.Node, item, _json.Bytes);
            if (_settings.Timestamps && !_shape.AlwaysNumbers)
            {
                expected.Node.Field("timestamp", (item.Timestamp ?? Now).ToUnixTimeMilliseconds());
            }

            expected.Node.Mark('}');
            expected.End();
        }

        private void Begin(Expected expected, string name, string? id, TimeSpan? retry = null)
        {
            if (_isSse)
            {
                expected.BeginEvent(name, id, retry);
            }
            else
            {
                expected.BeginRecord();
            }

            expected.Node.Mark('{');
        }

        private void Envelope(Expected expected, string type, DateTimeOffset time)
        {
            if (_shape.AlwaysNumbers)
            {
                expected.Node.Field("schema", "gai.events.v1");
            }

            if (_shape.AlwaysNumbers || !_isSse)
            {
                expected.Node.Field("type", type);
            }

            if (_shape.AlwaysNumbers)
            {
                expected.Node.Field("ts", time.ToUnixTimeMilliseconds());
                expected.Node.Field("seq", _number);
                expected.Node.FieldIfAny("trace_id", _identity.TraceId);
                expected.Node.FieldIfAny("request_id", _identity.RequestId);
            }
        }

        private string Number() => _number.ToString(CultureInfo.InvariantCulture);
    }
}
