using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json.Serialization.Metadata;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Reads NDJSON and JSON Lines: one JSON value a line (ndjson-spec 1.0, jsonlines.org).</summary>
/// <remarks>
/// LF and CRLF end a record; a bare CR does not. Blank lines are skipped, the last line end may be missing, a byte order
/// mark at the very start is skipped. JSON and UTF-8 are checked strictly, record by record: good records before a bad one
/// are delivered before its error. However small the pieces are in which the bytes come, the work is linear. Of objects that
/// have arrived together, up to 64 in 16 KiB are deserialized before they are asked for; one that fails is deserialized again when it is its turn.
/// </remarks>
public static class NdjsonReader
{
    /// <summary>Reads values from a pipe.</summary>
    /// <typeparam name="T">The type of the records.</typeparam>
    /// <param name="reader">The pipe. It stays the caller's and is not completed; what was not read is left in it.</param>
    /// <param name="typeInfo">How records are deserialized.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The records, to be enumerated once.</returns>
    /// <exception cref="StreamReadException">A record cannot be read and <see cref="NdjsonReaderOptions.OnBadRecord"/> is not set.</exception>
    /// <exception cref="TruncatedStreamException">The stream ended inside a record.</exception>
    public static IAsyncEnumerable<T?> ReadAsync<T>(
        PipeReader reader, JsonTypeInfo<T> typeInfo, NdjsonReaderOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(typeInfo);
        return new Values<T>(new RecordReader(reader, PipeOwner.Caller, options ?? NdjsonReaderOptions.Default), typeInfo, cancellationToken);
    }

    /// <summary>Reads values from a stream.</summary>
    /// <typeparam name="T">The type of the records.</typeparam>
    /// <param name="stream">The stream. It stays the caller's; more than was delivered may have been read from it.</param>
    /// <param name="typeInfo">How records are deserialized.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The records, to be enumerated once.</returns>
    /// <exception cref="StreamReadException">A record cannot be read and <see cref="NdjsonReaderOptions.OnBadRecord"/> is not set.</exception>
    /// <exception cref="TruncatedStreamException">The stream ended inside a record.</exception>
    public static IAsyncEnumerable<T?> ReadAsync<T>(
        Stream stream, JsonTypeInfo<T> typeInfo, NdjsonReaderOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(typeInfo);
        PipeReader reader = SegmentReader.PipeOf(stream);
        return new Values<T>(new RecordReader(reader, PipeOwner.Reader, options ?? NdjsonReaderOptions.Default), typeInfo, cancellationToken);
    }

    /// <summary>Reads records as bytes, for those who parse themselves.</summary>
    /// <param name="reader">The pipe. It stays the caller's and is not completed; what was not read is left in it.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults. <see cref="NdjsonReaderOptions.MaxDepth"/> is the business of whoever parses.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The records, without their line ends, each valid until the next is asked for or the enumeration is left. They are valid UTF-8 but not checked to be JSON.</returns>
    /// <exception cref="StreamReadException">A record cannot be read and <see cref="NdjsonReaderOptions.OnBadRecord"/> is not set.</exception>
    /// <exception cref="TruncatedStreamException">The stream ended inside a code point.</exception>
    public static IAsyncEnumerable<ReadOnlySequence<byte>> ReadRawAsync(
        PipeReader reader, NdjsonReaderOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new Raw(new RecordReader(reader, PipeOwner.Caller, options ?? NdjsonReaderOptions.Default), cancellationToken);
    }

    private abstract class Enumeration<T>(RecordReader records, CancellationToken cancellationToken) : BufferedEnumeration<T>(cancellationToken)
    {
        protected override ValueTask<bool> ReadMoreAsync(CancellationToken cancellationToken) => records.ReadAsync(cancellationToken);

        protected override void Release() => records.Release();
    }

    private sealed class Values<T>(RecordReader records, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken)
        : Enumeration<T?>(records, cancellationToken)
    {
        private readonly RecordReader _records = records;
        private readonly RecordsAhead<T> _ahead = new(records, typeInfo);
        private T? _current;

        public override T? Current => _current;

        protected override bool TryMoveNext() => _ahead.TryNext(out _current) || _records.TryNext(typeInfo, out _current);
    }

    private sealed class Raw(RecordReader records, CancellationToken cancellationToken)
        : Enumeration<ReadOnlySequence<byte>>(records, cancellationToken)
    {
        private readonly RecordReader _records = records;

        public override ReadOnlySequence<byte> Current => new(_records.Current);

        protected override bool TryMoveNext() => _records.TryNextRaw();
    }
}
