using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace Gai.Pipelines.Internal;

/// <summary>Checks and parses the records that a <see cref="RecordScanner"/> finds, and says what is wrong with bad ones.</summary>
internal sealed class RecordReader(PipeReader reader, PipeOwner owner, NdjsonReaderOptions options)
{
    private readonly RecordScanner _scanner = new(reader, owner, options.MaxRecordBytes);
    private bool _isAtEnd;
    private bool _isLast;

    public ReadOnlyMemory<byte> Current => _scanner.Record;

    /// <summary>Parses the next record of what has been read already.</summary>
    public bool TryNext<T>(JsonTypeInfo<T> typeInfo, out T? value)
    {
        while (TryNextRaw())
        {
            try
            {
                value = Parse(typeInfo);
                return true;
            }
            catch (JsonException failure)
            {
                Report(Describe(failure));
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
            if (Utf8.IsValid(_scanner.Record.Span))
            {
                return true;
            }

            if (_isLast && Utf8.IsValid(_scanner.Record.Span[..^Utf8Tail.IncompleteLength(_scanner.Record.Span)]))
            {
                throw Truncated(null);
            }

            Report(Error(StreamReadError.InvalidUtf8, "it is not valid UTF-8. NDJSON has no other encoding.", null));
        }

        return false;
    }

    /// <summary>Reads more.</summary>
    /// <returns><see langword="false"/> when there is no more and the last line has been looked at.</returns>
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

    private T? Parse<T>(JsonTypeInfo<T> typeInfo)
    {
        ReadOnlySpan<byte> record = _scanner.Record.Span;
        if (options.MaxDepth > 0 && (typeInfo.Options.MaxDepth == 0 || options.MaxDepth < typeInfo.Options.MaxDepth))
        {
            var depth = new Utf8JsonReader(record, new JsonReaderOptions { MaxDepth = options.MaxDepth });
            while (depth.Read())
            {
            }
        }

        return JsonSerializer.Deserialize(record, typeInfo);
    }

    private StreamReadException Describe(JsonException failure) =>
        _isLast && IsCutOff(_scanner.Record.Span) ? Truncated(failure) : Error(StreamReadError.InvalidJson, failure.Message, failure);

    private TruncatedStreamException Truncated(Exception? failure) => new(
        _scanner.Number,
        _scanner.Offset,
        string.Create(CultureInfo.InvariantCulture, $"record {_scanner.Number:N0} (byte {_scanner.Offset:N0}): the stream ended inside of it."),
        failure);

    /// <summary>Whether a text could be the beginning of one JSON value.</summary>
    private static bool IsCutOff(ReadOnlySpan<byte> json)
    {
        var begun = new Utf8JsonReader(json, isFinalBlock: false, state: default);
        try
        {
            while (begun.Read())
            {
            }

            return begun.CurrentDepth > 0 || begun.BytesConsumed < json.Length || begun.TokenType == JsonTokenType.None;
        }
        catch (JsonException)
        {
            return false;
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
