using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Gai.Pipelines.Fuzz;

/// <summary>A value of the kind that applications stream.</summary>
internal sealed record Sample(string? Text, double Number, long Count, bool Flag, string[] Items, Dictionary<string, string?> Map, Sample? Inner);

[JsonSerializable(typeof(Sample))]
[JsonSerializable(typeof(string))]
internal sealed partial class FuzzJson : JsonSerializerContext
{
    /// <summary>The ways to serialize that an application may have chosen.</summary>
    public static FuzzJson[] All { get; } =
    [
        new(new JsonSerializerOptions()),
        new(new JsonSerializerOptions { WriteIndented = true, NewLine = "\r\n" }),
        new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }),
        new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.Create(System.Text.Unicode.UnicodeRanges.All), WriteIndented = true }),
    ];
}

/// <summary>The encoders, without a dialect around them.</summary>
internal static class EncoderLanes
{
    public static IReadOnlyList<Lane> All { get; } =
    [
        new("SseEncoder, text", Reading.EventsOfText, 24, _ => new EncodedText()),
        new("SseEncoder, JSON", Reading.EventsOfJson, 10, _ => new EncodedJson()),
        new("NdjsonEncoder", Reading.Records, 24, _ => new EncodedRecords()),
    ];

    /// <summary>Makes a value, and writes down what it means.</summary>
    public static Sample AnySample(Choices choices, Canonical meaning, int depth = 0)
    {
        string? text = choices.OneIn(8) ? null : HostileText.Any(choices);
        double number = choices.OneIn(2) ? choices.Below(1000) / 8.0 : Finite(BitConverter.Int64BitsToDouble(choices.Bits()));
        long count = choices.OneIn(2) ? choices.Below(1000) : choices.Bits();
        bool flag = choices.OneIn(2);
        string[] items = new string[choices.Below(3)];
        Array.Fill(items, string.Empty);
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = HostileText.Any(choices);
        }

        var map = new Dictionary<string, string?>();
        for (int i = choices.Below(3); i > 0; i--)
        {
            map[$"k{i}{HostileText.Any(choices)}"] = choices.OneIn(8) ? null : HostileText.Any(choices);
        }

        meaning.Mark('{');
        meaning.Key("Text");
        meaning.String(text);
        meaning.Field("Number", number);
        meaning.Field("Count", count);
        meaning.Field("Flag", flag);
        meaning.Open("Items", '[');
        foreach (string item in items)
        {
            meaning.String(item);
        }

        meaning.Mark(']');
        meaning.Open("Map");
        foreach ((string name, string? value) in map)
        {
            meaning.Key(name);
            meaning.String(value);
        }

        meaning.Mark('}');
        meaning.Key("Inner");
        Sample? inner = null;
        if (depth < 3 && choices.OneIn(4))
        {
            inner = AnySample(choices, meaning, depth + 1);
        }
        else
        {
            meaning.Mark('n');
        }

        meaning.Mark('}');
        return new Sample(text, number, count, flag, items, map, inner);
    }

    private static double Finite(double value) => double.IsFinite(value) ? value : 0;

    /// <summary>Makes the fields of an event, or makes sure that they are refused.</summary>
    private static bool TryFields(Choices choices, FrameWriter output, out string? name, out string? id, out TimeSpan? retry, out SseFields fields)
    {
        name = choices.OneIn(2) ? HostileText.Field(choices) : null;
        id = choices.OneIn(3) ? HostileText.Field(choices) : null;
        retry = choices.OneIn(8) ? AnyRetry(choices) : null;
        long? number = choices.OneIn(6) ? choices.Bits() >> choices.Below(64) : null;
        fields = default;
        foreach (string? field in (ReadOnlySpan<string?>)[name, id])
        {
            if (field is not null && !HostileText.IsField(field))
            {
                Must.Refuse<ArgumentException>(output, $"The name {HostileText.Quote(field)}", () => _ = new EventName(field));
                Must.Refuse<ArgumentException>(output, $"The id {HostileText.Quote(field)}", () => _ = new EventId(field));
                return false;
            }
        }

        fields = new SseFields(new EventName(name), number is { } counted ? new EventId(counted) : new EventId(id), retry);
        id = number?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? id;
        if (retry < TimeSpan.Zero)
        {
            SseFields bad = fields;
            Must.Refuse<ArgumentOutOfRangeException>(output, $"The retry time {retry}", () => SseEncoder.WriteText(output, bad, "x"));
            return false;
        }

        return true;
    }

    private static TimeSpan AnyRetry(Choices choices) => choices.Below(8) switch
    {
        0 => TimeSpan.Zero,
        1 => TimeSpan.FromTicks(choices.Below(20_001)),
        2 => TimeSpan.MaxValue,
        3 => TimeSpan.FromTicks(-1 - choices.Below(100_000)),
        _ => TimeSpan.FromMilliseconds(choices.Below(100_000)),
    };

    private sealed class EncodedText : FuzzStream
    {
        public override void Write(Choices choices, FrameWriter output, Expected expected)
        {
            int kind = choices.Below(16);
            if (kind == 15)
            {
                string comment = HostileText.Any(choices);
                SseEncoder.WriteComment(output, comment);
                expected.Comment(comment);
            }
            else if (kind == 14)
            {
                TimeSpan retry = AnyRetry(choices);
                if (retry < TimeSpan.Zero)
                {
                    Must.Refuse<ArgumentOutOfRangeException>(output, $"The retry time {retry}", () => SseEncoder.WriteRetry(output, retry));
                }
                else
                {
                    SseEncoder.WriteRetry(output, retry);
                    expected.Block(retry: retry);
                }
            }
            else if (TryFields(choices, output, out string? name, out string? id, out TimeSpan? time, out SseFields fields))
            {
                expected.BeginEvent(name, id, time);
                if (kind < 7)
                {
                    string text = HostileText.Any(choices);
                    SseEncoder.WriteText(output, fields, text);
                    expected.Data(text);
                }
                else
                {
                    byte[] bytes = HostileText.AnyBytes(choices);
                    SseEncoder.WriteUtf8(output, fields, bytes);
                    expected.Data(bytes);
                }

                expected.End();
            }
        }
    }

    private sealed class EncodedJson : FuzzStream
    {
        public override void Write(Choices choices, FrameWriter output, Expected expected)
        {
            if (TryFields(choices, output, out string? name, out string? id, out TimeSpan? time, out SseFields fields))
            {
                expected.BeginEvent(name, id, time);
                FuzzJson json = choices.Of<FuzzJson>(FuzzJson.All);
                SseEncoder.WriteJson(output, fields, AnySample(choices, expected.Node), json.Sample);
                expected.End();
            }
        }
    }

    private sealed class EncodedRecords : FuzzStream
    {
        public override void Write(Choices choices, FrameWriter output, Expected expected)
        {
            switch (choices.Below(8))
            {
                case < 4:
                    EventText text = HostileText.AnyText(choices);
                    NdjsonEncoder.WriteString(output, text);
                    expected.BeginRecord();
                    expected.Node.String(text);
                    expected.End();
                    break;
                case < 6:
                    expected.BeginRecord();
                    JsonTypeInfo<Sample> typeInfo = choices.Of<FuzzJson>(FuzzJson.All).Sample;
                    NdjsonEncoder.WriteRecord(output, AnySample(choices, expected.Node), typeInfo);
                    expected.End();
                    break;
                default:
                    if (choices.OneIn(64))
                    {
                        string broken = HostileJson.Broken(choices, expected.Node);
                        Must.Refuse<FormatException>(output, $"The JSON {HostileText.Quote(broken)}", () => NdjsonEncoder.WriteJson(output, broken));
                        break;
                    }

                    expected.BeginRecord();
                    string any = HostileJson.Any(choices, expected.Node);
                    NdjsonEncoder.WriteJson(output, choices.OneIn(2) ? System.Text.Encoding.UTF8.GetBytes(any) : any);
                    expected.End();
                    break;
            }
        }
    }
}
