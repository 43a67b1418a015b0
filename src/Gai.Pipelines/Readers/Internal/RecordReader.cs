using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace Gai.Pipelines.Internal;

/// <summary>Checks and parses the records that a <see cref="RecordScanner"/> finds, and says what is wrong with bad ones.</summary>
internal sealed class RecordReader(PipeReader reader, PipeOwner owner, NdjsonReaderOptions options)
{
    // What JsonSerializerOptions.MaxDepth means by 0.
    private const int DefaultDepth = 64;

    private readonly RecordScanner _scanner = new(reader, owner, options.MaxRecordBytes);
    private bool _isAtEnd;
    private bool _isLast;

    public ReadOnlyMemory<byte> Current => _scanner.Record;

    /// <summary>The number of the current record, from 1.</summary>
    public long Number => _scanner.Number;

    /// <summary>Where the current record begins in the stream.</summary>
    public long Offset => _scanner.Offset;

    /// <summary>How much of the stream has been read.</summary>
    public long Position => _scanner.Position;

    /// <summary>What lies behind the current record in its segment; empty while there is none.</summary>
    public ReadOnlySpan<byte> Rest => _scanner.RestBehindRecord;

    /// <summary>Whether that is ASCII.</summary>
    public bool IsAscii => _scanner.IsAscii;

    public int MaxRecordBytes => options.MaxRecordBytes;

    /// <summary>Passes over the next record, of so many bytes with its line end, which somebody else has parsed.</summary>
    public void Pass(int length) => _scanner.Pass(length);

    /// <summary>Parses the next record of what has been read already.</summary>
    public bool TryNext<T>(JsonTypeInfo<T> typeInfo, out T? value)
    {
        while (TryNextRaw())
        {
            try
            {
                if (options.MaxDepth > 0)
                {
                    CheckDepth(typeInfo);
                }

                value = JsonSerializer.Deserialize(_scanner.RecordSpan, typeInfo);
                return true;
            }
            catch (JsonException failure)
            {
                Report(Describe(failure, ReaderOptions(typeInfo)));
            }
        }

        value = default;
        return false;
    }

    /// <summary>Finds the next record of what has been read already, and checks that it is UTF-8.</summary>
    public bool TryNextRaw()
    {
        while (TryScan())
        {
            if (_scanner.IsUtf8)
            {
                return true;
            }

            if (_isLast && Utf8.IsValid(_scanner.RecordSpan[..^Utf8Tail.IncompleteLength(_scanner.RecordSpan)]))
            {
                throw Truncated(null);
            }

            Report(Error(StreamReadError.InvalidUtf8, "it is not valid UTF-8. NDJSON has no other encoding.", null));
        }

        return false;
    }

    /// <summary>Reads more.</summary>
    /// <returns><see langword="false"/> when there is no more and the last line has been looked at.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        if (_isAtEnd)
        {
            return false;
        }

        _isAtEnd = !await _scanner.ReadAsync(cancellationToken);
        return true;
    }

    public void Release() => _scanner.Release();

    private bool TryScan()
    {
        while (true)
        {
            try
            {
                if (!_isAtEnd)
                {
                    return _scanner.TryNext();
                }

                if (_isLast)
                {
                    return false;
                }

                _isLast = true;
                return _scanner.TryTakeLast();
            }
            catch (StreamReadException tooLarge)
            {
                Report(tooLarge);
            }
        }
    }

    private void CheckDepth(JsonTypeInfo typeInfo)
    {
        if (options.MaxDepth < MaxDepth(typeInfo.Options))
        {
            Walk(_scanner.RecordSpan, isFinalBlock: true, ReaderOptions(typeInfo));
        }
    }

    private static int MaxDepth(JsonSerializerOptions serializer) => serializer.MaxDepth == 0 ? DefaultDepth : serializer.MaxDepth;

    /// <summary>What the serializer accepts, with our limit on the depth.</summary>
    public JsonReaderOptions ReaderOptions(JsonTypeInfo typeInfo)
    {
        int depth = MaxDepth(typeInfo.Options);
        return new JsonReaderOptions
        {
            AllowTrailingCommas = typeInfo.Options.AllowTrailingCommas,
            CommentHandling = typeInfo.Options.ReadCommentHandling,
            MaxDepth = options.MaxDepth > 0 ? Math.Min(options.MaxDepth, depth) : depth,
        };
    }

    private StreamReadException Describe(JsonException failure, JsonReaderOptions json) =>
        IsCutOff(json) ? Truncated(failure) : Error(StreamReadError.InvalidJson, failure.Message, failure);

    public TruncatedStreamException Truncated(Exception? failure) => new(
        _scanner.Number,
        _scanner.Offset,
        string.Create(CultureInfo.InvariantCulture, $"record {_scanner.Number:N0} (byte {_scanner.Offset:N0}): the stream ended inside of it."),
        failure);

    /// <summary>Whether the stream has ended in the current record, which then is the beginning of one JSON value and not all of it.</summary>
    public bool IsCutOff(JsonReaderOptions json) =>
        _isLast && !IsJson(_scanner.RecordSpan, isFinalBlock: true, json) && IsJson(_scanner.RecordSpan, isFinalBlock: false, json);

    private static bool IsJson(ReadOnlySpan<byte> json, bool isFinalBlock, JsonReaderOptions options)
    {
        try
        {
            Walk(json, isFinalBlock, options);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void Walk(ReadOnlySpan<byte> json, bool isFinalBlock, JsonReaderOptions options)
    {
        var reader = new Utf8JsonReader(json, isFinalBlock, new JsonReaderState(options));
        while (reader.Read())
        {
        }
    }

    private StreamReadException Error(StreamReadError error, string message, Exception? failure) => new(
        error,
        _scanner.Number,
        _scanner.Offset,
        string.Create(CultureInfo.InvariantCulture, $"record {_scanner.Number:N0} (byte {_scanner.Offset:N0}): {message}"),
        failure);

    private void Report(StreamReadException failure)
    {
        if (options.OnBadRecord is { } handle && failure is not TruncatedStreamException)
        {
            handle(failure);
            return;
        }

        throw failure;
    }
}
