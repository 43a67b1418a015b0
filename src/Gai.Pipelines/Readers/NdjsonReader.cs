using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Reads NDJSON and JSON Lines: one JSON value a line (ndjson-spec 1.0, jsonlines.org).</summary>
/// <remarks>
/// LF and CRLF end a record; a bare CR does not. Blank lines are skipped, the last line end may be missing, a byte order
/// mark at the very start is skipped. JSON and UTF-8 are checked strictly, record by record: good records before a bad one
/// are delivered before its error. Each byte is looked at once, however small the pieces are in which it comes.
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
        return EnumerateAsync(reader, PipeOwner.Caller, typeInfo, options ?? NdjsonReaderOptions.Default, cancellationToken);
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
        PipeReader reader = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        return EnumerateAsync(reader, PipeOwner.Reader, typeInfo, options ?? NdjsonReaderOptions.Default, cancellationToken);
    }

    /// <summary>Reads records as bytes, for those who parse themselves.</summary>
    /// <param name="reader">The pipe. It stays the caller's and is not completed; what was not read is left in it.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults. <see cref="NdjsonReaderOptions.MaxDepth"/> is the business of whoever parses.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The records, without their line ends, each valid until the next is asked for. They are valid UTF-8 but not checked to be JSON.</returns>
    /// <exception cref="StreamReadException">A record cannot be read and <see cref="NdjsonReaderOptions.OnBadRecord"/> is not set.</exception>
    /// <exception cref="TruncatedStreamException">The stream ended inside a code point.</exception>
    public static IAsyncEnumerable<ReadOnlySequence<byte>> ReadRawAsync(
        PipeReader reader, NdjsonReaderOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return EnumerateRawAsync(reader, options ?? NdjsonReaderOptions.Default, cancellationToken);
    }

    private static async IAsyncEnumerable<T?> EnumerateAsync<T>(
        PipeReader reader,
        PipeOwner owner,
        JsonTypeInfo<T> typeInfo,
        NdjsonReaderOptions options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var records = new RecordReader(reader, owner, options);
        try
        {
            do
            {
                while (records.TryNext(typeInfo, out T? value))
                {
                    yield return value;
                }
            }
            while (await records.ReadAsync(cancellationToken));
        }
        finally
        {
            records.Release();
        }
    }

    private static async IAsyncEnumerable<ReadOnlySequence<byte>> EnumerateRawAsync(
        PipeReader reader, NdjsonReaderOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var records = new RecordReader(reader, PipeOwner.Caller, options);
        try
        {
            do
            {
                while (records.TryNextRaw())
                {
                    yield return new ReadOnlySequence<byte>(records.Current);
                }
            }
            while (await records.ReadAsync(cancellationToken));
        }
        finally
        {
            records.Release();
        }
    }
}
