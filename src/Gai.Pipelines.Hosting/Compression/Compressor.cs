using System.IO.Pipelines;

namespace Gai.Pipelines.Hosting;

/// <summary>Compresses one stream, block by block, and remembers what went before: an event is mostly what the events before it were.</summary>
/// <remarks>Not thread-safe. Its memory is the operating system's, not the collector's, until it is disposed of.</remarks>
internal abstract class Compressor : IDisposable
{
    /// <summary>Gets the name of the coding in <c>Content-Encoding</c>.</summary>
    public abstract string Coding { get; }

    /// <summary>Gets the most bytes of a block: what an encoder allocates for unflushed input bounds its memory.</summary>
    public abstract int MaxBlockBytes { get; }

    public static Compressor Create(StreamCompression coding, PipeWriter output) =>
        coding == StreamCompression.Brotli ? new BrotliCompressor(output) : new GzipCompressor(output);

    /// <summary>Compresses bytes, up to the last: whoever has read what is written then can decompress all of them.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int length = Math.Min(bytes.Length, MaxBlockBytes);
            WriteBlock(bytes[..length]);
            bytes = bytes[length..];
        }
    }

    /// <summary>Writes what ends the compressed data. Nothing may follow.</summary>
    public abstract void Finish();

    public abstract void Dispose();

    protected abstract void WriteBlock(ReadOnlySpan<byte> block);
}
