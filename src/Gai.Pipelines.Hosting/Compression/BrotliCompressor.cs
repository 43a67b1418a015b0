using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;

namespace Gai.Pipelines.Hosting;

/// <summary>Compresses with Brotli, with a window of 16 KiB.</summary>
internal sealed class BrotliCompressor(PipeWriter output) : Compressor
{
    // The best of those that stay within 350 KiB (PERFORMANCE.md): below 2 nothing is remembered from one flush to the next,
    // above 3 the tables take twice the memory. A window of less than 14 bits saves nothing, one of 16 costs 100 KiB.
    private const int Quality = 3;
    private const int WindowBits = 14;

    // Mutable: the struct holds the native encoder.
    private BrotliEncoder _encoder = new(Quality, WindowBits);

    public override string Coding => "br";

    // An encoder allocates twelve bytes for each byte that it is given between two flushes.
    public override int MaxBlockBytes => 512;

    public override void Finish() => Compress([], isFinalBlock: true);

    public override void Dispose() => _encoder.Dispose();

    protected override void WriteBlock(ReadOnlySpan<byte> block)
    {
        Compress(block, isFinalBlock: false);
        OperationStatus status;
        do
        {
            status = Checked(_encoder.Flush(output.GetSpan(), out int written));
            output.Advance(written);
        }
        while (status == OperationStatus.DestinationTooSmall);
    }

    private void Compress(ReadOnlySpan<byte> block, bool isFinalBlock)
    {
        OperationStatus status;
        do
        {
            status = Checked(_encoder.Compress(block, output.GetSpan(), out int consumed, out int written, isFinalBlock));
            output.Advance(written);
            block = block[consumed..];
        }
        while (status == OperationStatus.DestinationTooSmall);
    }

    private static OperationStatus Checked(OperationStatus status) =>
        status is OperationStatus.Done or OperationStatus.DestinationTooSmall ? status : throw new InvalidOperationException($"The Brotli encoder failed: {status}.");
}
