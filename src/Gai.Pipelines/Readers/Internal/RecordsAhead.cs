using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace Gai.Pipelines.Internal;

/// <summary>Parses the next records of a segment with one JSON reader: to make one for each is a tenth of the cost of a small record.</summary>
/// <remarks>
/// It takes objects that it can read and stops in front of anything else, which is then read by itself, with its error. A
/// record counts as read when it is handed out, so what is left in the pipe and the number of a bad record stay exact.
/// </remarks>
internal sealed class RecordsAhead<T>(RecordReader records, JsonTypeInfo<T> typeInfo)
{
    private const byte Lf = (byte)'\n';

    // What bounds the delay of the first of them, and what is held of them.
    private const int MaxRecords = 64;
    private const int MaxBytes = 16 * 1024;

    private T?[] _values = [];
    private int[] _lengths = [];
    private JsonConverter<T>? _converter;
    private JsonReaderOptions _options;
    private bool _isPrepared;
    private int _count;
    private int _next;

    /// <summary>Hands out a record that is parsed already, or parses some.</summary>
    public bool TryNext(out T? value)
    {
        if (_next == _count && !TryParse())
        {
            value = default;
            return false;
        }

        value = _values[_next];
        _values[_next] = default;
        records.Pass(_lengths[_next++]);
        return true;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever it is, the record is read again by itself, and throws it then.")]
    private bool TryParse()
    {
        _next = _count = 0;
        ReadOnlySpan<byte> rest = records.Rest;
        if (!rest.IsEmpty && IsPrepared())
        {
            try
            {
                Parse(_converter, rest[..Math.Min(rest.Length, MaxBytes)]);
            }
            catch (Exception)
            {
            }
        }

        return _count > 0;
    }

    private void Parse(JsonConverter<T> converter, ReadOnlySpan<byte> rest)
    {
        JsonSerializerOptions serializer = typeInfo.Options;
        var json = new Utf8JsonReader(rest, isFinalBlock: true, new JsonReaderState(_options));
        long end = 0;
        int length;
        while (_count < MaxRecords && (length = rest.IndexOf(Lf)) > 0 && IsPlain(rest[..length]) && json.Read())
        {
            T? value = converter.Read(ref json, typeof(T), serializer);
            end += length;
            long left = end - json.BytesConsumed;
            if (left != 0 && (left < 0 || !RecordScanner.IsBlank(rest[(length - (int)left)..length])))
            {
                break; // The value is not all of its line, or more than that.
            }

            _values[_count] = value;
            _lengths[_count++] = ++length;
            rest = rest[length..];
            end++;
        }
    }

    private bool IsPlain(ReadOnlySpan<byte> line) =>
        line[0] == '{' && line.Length <= records.MaxRecordBytes && (records.IsAscii || Utf8.IsValid(line));

    /// <summary>Whether the type is one of objects, and read as the options say; they are complete when a record has been read.</summary>
    [MemberNotNullWhen(true, nameof(_converter))]
    private bool IsPrepared()
    {
        if (!_isPrepared && records.Number > 0)
        {
            _isPrepared = true;
            if (typeInfo.Kind == JsonTypeInfoKind.Object && typeInfo.Options.TryGetTypeInfo(typeof(T), out JsonTypeInfo? own) && own == typeInfo)
            {
                _values = new T?[MaxRecords];
                _lengths = new int[MaxRecords];
                _converter = typeInfo.Converter as JsonConverter<T>;
                _options = records.ReaderOptions(typeInfo) with { AllowMultipleValues = true };
            }
        }

        return _converter is not null;
    }
}
