using System.Buffers;
using System.IO.Pipelines;

namespace Gai.Pipelines.Benchmarks.Kestrel;

/// <summary>A client that costs little: one connection, one request at a time, no header of the response and no event is looked at.</summary>
internal abstract class MemoryClient(IDuplexPipe connection)
{
    protected PipeWriter Output => connection.Output;

    /// <summary>Gets a whole response.</summary>
    /// <param name="path">What is asked for.</param>
    /// <param name="body">Where the body goes; <see langword="null"/> to forget it.</param>
    /// <returns>The bytes of the body.</returns>
    public async Task<long> GetAsync(string path, Stream? body = null)
    {
        WriteRequest(path);
        await Output.FlushAsync();
        long bytes = 0;
        bool hasEnded = false;
        while (!hasEnded)
        {
            ReadResult read = await connection.Input.ReadAsync();
            ReadOnlySequence<byte> unread = read.Buffer;
            while (!hasEnded && TryReadPiece(ref unread, out ReadOnlySequence<byte> piece, out hasEnded))
            {
                bytes += piece.Length;
                Keep(piece, body);
            }

            connection.Input.AdvanceTo(unread.Start, unread.End);
            if (read.IsCompleted && !hasEnded)
            {
                throw new EndOfStreamException($"The server closed the connection in the response to {path}.");
            }
        }

        OnEnd(bytes);
        await Output.FlushAsync();
        return bytes;
    }

    protected abstract void WriteRequest(string path);

    /// <summary>Takes what is whole from the front of the bytes: a piece of the body, possibly empty.</summary>
    /// <returns><see langword="false"/> if more bytes are needed.</returns>
    protected abstract bool TryReadPiece(ref ReadOnlySequence<byte> unread, out ReadOnlySequence<byte> piece, out bool hasEnded);

    protected virtual void OnEnd(long bodyBytes)
    {
    }

    private static void Keep(in ReadOnlySequence<byte> piece, Stream? body)
    {
        if (body is not null)
        {
            foreach (ReadOnlyMemory<byte> segment in piece)
            {
                body.Write(segment.Span);
            }
        }
    }
}
