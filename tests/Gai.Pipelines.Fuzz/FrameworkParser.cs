using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;

namespace Gai.Pipelines.Fuzz;

/// <summary>Reads frames with the framework's parsers: <c>System.Net.ServerSentEvents.SseParser</c> and <c>System.Text.Json</c>.</summary>
internal sealed class FrameworkParser
{
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 1000 };
    private static readonly JsonReaderOptions Lines = new() { MaxDepth = 1000, AllowMultipleValues = true };

    private byte[] _data = new byte[1 << 12];
    private byte[] _scratch = new byte[1 << 12];
    private int _length;

    /// <summary>What was read.</summary>
    public Canonical Read { get; } = new();

    /// <summary>How many events or records there were.</summary>
    public int Count { get; private set; }

    /// <summary>Reads a stream in pieces of some size.</summary>
    public void Run(Reading reading, byte[] bytes, int piece)
    {
        Read.Clear();
        Count = 0;
        if (reading == Reading.Records)
        {
            ReadRecords(bytes);
        }
        else
        {
            ReadEvents(bytes, piece, reading == Reading.EventsOfJson);
        }
    }

    private void ReadEvents(byte[] bytes, int piece, bool isJson)
    {
        using var stream = new Pieces(bytes, piece);
        SseParser<bool> parser = SseParser.Create(stream, Keep);
        foreach (SseItem<bool> item in parser.Enumerate())
        {
            Count++;
            Read.Mark('e');
            Read.Text(item.EventType);
            Read.Text(parser.LastEventId);
            Read.Number(Milliseconds(parser));
            ReadOnlySpan<byte> data = _data.AsSpan(0, _length);
            if (isJson)
            {
                ReadJson(data);
            }
            else
            {
                Read.Mark('s');
                Read.Text(data);
            }
        }

        Read.Mark('z');
        Read.Text(parser.LastEventId);
        Read.Number(Milliseconds(parser));
    }

    private static double Milliseconds(SseParser<bool> parser) =>
        parser.ReconnectionInterval == Timeout.InfiniteTimeSpan ? -1 : parser.ReconnectionInterval.TotalMilliseconds;

    private bool Keep(string eventType, ReadOnlySpan<byte> data)
    {
        if (_data.Length < data.Length)
        {
            _data = new byte[data.Length * 2];
        }

        data.CopyTo(_data);
        _length = data.Length;
        return true;
    }

    private void ReadRecords(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, Lines);
        int before = Read.Length;
        try
        {
            while (reader.Read())
            {
                before = Read.Length;
                Count++;
                Read.Mark('r');
                Tree(ref reader);
            }
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            Read.Rewind(before);
            Read.Mark('x');
            Read.Text(failure.Message);
        }

        Read.Mark('z');
        Read.Text(string.Empty);
    }

    private void ReadJson(ReadOnlySpan<byte> json)
    {
        int before = Read.Length;
        try
        {
            var reader = new Utf8JsonReader(json, Deep);
            reader.Read();
            Tree(ref reader);
            reader.Read();
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            Read.Rewind(before);
            Read.Mark('x');
            Read.Text(json);
        }
    }

    private void Tree(ref Utf8JsonReader reader)
    {
        int depth = reader.CurrentDepth;
        Token(ref reader);
        while (reader.CurrentDepth != depth || reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            reader.Read();
            Token(ref reader);
        }
    }

    private void Token(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                Read.Mark('{');
                break;
            case JsonTokenType.EndObject:
                Read.Mark('}');
                break;
            case JsonTokenType.StartArray:
                Read.Mark('[');
                break;
            case JsonTokenType.EndArray:
                Read.Mark(']');
                break;
            case JsonTokenType.PropertyName:
                Read.Mark('k');
                String(ref reader);
                break;
            case JsonTokenType.String:
                Read.Mark('s');
                String(ref reader);
                break;
            case JsonTokenType.Number:
                Read.Double(reader.GetDouble());
                break;
            case JsonTokenType.Null:
                Read.Mark('n');
                break;
            default:
                Read.Bool(reader.TokenType == JsonTokenType.True);
                break;
        }
    }

    private void String(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            if (!System.Text.Unicode.Utf8.IsValid(reader.ValueSpan))
            {
                throw new InvalidOperationException("A string is no UTF-8.");
            }

            Read.Text(reader.ValueSpan);
            return;
        }

        int most = reader.ValueSpan.Length;
        if (_scratch.Length < most)
        {
            _scratch = new byte[most * 2];
        }

        Read.Text(_scratch.AsSpan(0, reader.CopyString(_scratch)));
    }

    /// <summary>A stream that gives no more than a piece at a time.</summary>
    private sealed class Pieces(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(piece > 0 && buffer.Length > piece ? buffer[..piece] : buffer);

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, piece > 0 ? Math.Min(piece, count) : count);
    }
}
