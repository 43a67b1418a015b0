using System.Net.ServerSentEvents;
using System.Text.Json.Serialization.Metadata;

namespace Gai.Pipelines.Fuzz;

/// <summary>The plain dialects.</summary>
internal static class PlainLanes
{
    public static IReadOnlyList<Lane> All { get; } =
    [
        new("plain, strings over SSE", Reading.EventsOfText, 4, choices => Plain<string>(choices, StreamFormat.ServerSentEvents, null, Text)),
        new("plain, bytes over SSE", Reading.EventsOfText, 4, choices => Plain<byte[]>(choices, StreamFormat.ServerSentEvents, null, Bytes)),
        new("plain, values over SSE", Reading.EventsOfJson, 3, choices => Plain(choices, StreamFormat.ServerSentEvents, choices.Of<FuzzJson>(FuzzJson.All).Sample, Value)),
        new("plain, strings over NDJSON", Reading.Records, 3, choices => Plain<string>(choices, StreamFormat.Ndjson, choices.OneIn(2) ? FuzzJson.Default.String : null, String)),
        new("plain, bytes over NDJSON", Reading.Records, 2, choices => Plain<byte[]>(choices, StreamFormat.JsonLines, null, Base64)),
        new("plain, values over NDJSON", Reading.Records, 2, choices => Plain(choices, StreamFormat.Ndjson, choices.Of<FuzzJson>(FuzzJson.All).Sample, Value)),
        new("SseItem, strings over SSE", Reading.EventsOfText, 6, choices => Items<string>(choices, StreamFormat.ServerSentEvents, null, Text)),
        new("SseItem, values over SSE", Reading.EventsOfJson, 3, choices => Items(choices, StreamFormat.ServerSentEvents, choices.Of<FuzzJson>(FuzzJson.All).Sample, Value)),
        new("SseItem, values over NDJSON", Reading.Records, 2, choices => Items(choices, StreamFormat.Ndjson, choices.Of<FuzzJson>(FuzzJson.All).Sample, Value)),
    ];

    private delegate T Make<T>(Choices choices, Expected expected);

    private static Values<T> Plain<T>(Choices choices, StreamFormat format, JsonTypeInfo<T>? typeInfo, Make<T> make)
    {
        string name = HostileText.Field(choices);
        name = HostileText.IsField(name) ? name : string.Empty;
        DialectSettings settings = Settings(choices);
        return new Values<T>(Dialects.Plain(typeInfo, new EventName(name)).Create(new DialectContext(format, settings)), settings, format, name, make);
    }

    private static ItemStream<T> Items<T>(Choices choices, StreamFormat format, JsonTypeInfo<T>? typeInfo, Make<T> make)
    {
        DialectSettings settings = Settings(choices);
        return new ItemStream<T>(Dialects.SseItems(typeInfo).Create(new DialectContext(format, settings)), settings, format, make);
    }

    private static DialectSettings Settings(Choices choices) => new()
    {
        EventIds = choices.OneIn(2),
        RetryHint = choices.OneIn(4) ? TimeSpan.FromMilliseconds(choices.Below(10_000)) : null,
        OpeningPaddingBytes = choices.OneIn(8) ? 1 + choices.Below(3000) : 0,
        NdjsonKeepAlive = choices.Of<NdjsonKeepAlive>([NdjsonKeepAlive.None, NdjsonKeepAlive.BlankLine, NdjsonKeepAlive.Record]),
    };

    private static string Text(Choices choices, Expected expected)
    {
        string text = HostileText.Any(choices);
        expected.Data(text);
        return text;
    }

    private static byte[] Bytes(Choices choices, Expected expected)
    {
        byte[] bytes = HostileText.AnyBytes(choices);
        expected.Data(bytes);
        return bytes;
    }

    private static string String(Choices choices, Expected expected)
    {
        string text = HostileText.Any(choices);
        expected.Node.String(text);
        return text;
    }

    private static byte[] Base64(Choices choices, Expected expected)
    {
        byte[] bytes = HostileText.AnyBytes(choices);
        expected.Node.String(Convert.ToBase64String(bytes));
        return bytes;
    }

    private static Sample Value(Choices choices, Expected expected) => EncoderLanes.AnySample(choices, expected.Node);

    /// <summary>A stream of a dialect that numbers its events if it was told to.</summary>
    private abstract class PlainStream<T>(Dialect<T> dialect, DialectSettings settings, StreamFormat format) : FuzzStream
    {
        private long _number;

        protected Dialect<T> Dialect => dialect;

        protected bool IsRecords => format != StreamFormat.ServerSentEvents;

        public override void Open(FrameWriter output, Expected expected)
        {
            dialect.WriteOpening(output);
            if (!IsRecords && settings.RetryHint is { } retry)
            {
                expected.Block(retry: retry);
            }

            if (!IsRecords && settings.OpeningPaddingBytes > 0)
            {
                expected.Comment(new string(' ', settings.OpeningPaddingBytes - 1));
            }
        }

        protected string? NextId() => settings.EventIds ? (++_number).ToString(System.Globalization.CultureInfo.InvariantCulture) : null;

        /// <summary>Writes what is no event; says whether it has.</summary>
        protected bool TryAside(Choices choices, FrameWriter output, Expected expected)
        {
            switch (choices.Below(32))
            {
                case 31:
                    dialect.WriteKeepAlive(output);
                    if (!IsRecords)
                    {
                        expected.Comment("keep-alive");
                    }

                    return true;
                case 30:
                    dialect.WriteGap(output, 12);
                    if (!IsRecords)
                    {
                        expected.Comment("gap 12");
                    }

                    return true;
                default:
                    return false;
            }
        }
    }

    private sealed class Values<T>(Dialect<T> dialect, DialectSettings settings, StreamFormat format, string name, Make<T> make) : PlainStream<T>(dialect, settings, format)
    {
        public override void Write(Choices choices, FrameWriter output, Expected expected)
        {
            if (TryAside(choices, output, expected))
            {
                return;
            }

            if (IsRecords)
            {
                expected.BeginRecord();
            }
            else
            {
                expected.BeginEvent(name, NextId());
            }

            Dialect.WriteEvent(output, make(choices, expected));
            expected.End();
        }
    }

    /// <summary>Events that bring their name, id and time.</summary>
    private sealed class ItemStream<T>(Dialect<SseItem<T>> dialect, DialectSettings settings, StreamFormat format, Make<T> make) : PlainStream<SseItem<T>>(dialect, settings, format)
    {
        public override void Write(Choices choices, FrameWriter output, Expected expected)
        {
            if (TryAside(choices, output, expected))
            {
                return;
            }

            string? name = choices.OneIn(2) ? Field(choices) : null;
            string? id = choices.OneIn(3) ? Field(choices) : null;
            TimeSpan? retry = choices.OneIn(8) ? TimeSpan.FromTicks(choices.Below(1 << 30)) : null;
            if (IsRecords)
            {
                expected.BeginRecord();
            }
            else
            {
                expected.BeginEvent(name, id ?? NextId(), retry);
            }

            Dialect.WriteEvent(output, new SseItem<T>(make(choices, expected), name) { EventId = id, ReconnectionInterval = retry });
            expected.End();
        }

        // SseItem itself refuses line breaks.
        private static string Field(Choices choices)
        {
            string text = HostileText.Field(choices);
            return HostileText.IsField(text) ? text : string.Empty;
        }
    }
}
