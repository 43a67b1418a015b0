using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;

namespace Gai.Pipelines.Benchmarks.Kestrel;

/// <summary>HTTP/1.1: a response in chunks.</summary>
internal sealed class Http1Client(IDuplexPipe connection) : MemoryClient(connection)
{
    private bool _isInHead;
    private long _leftInChunk;
    private State _state;

    private enum State
    {
        Size,
        Data,
        LineEnd,
        LastLine,
    }

    protected override void WriteRequest(string path)
    {
        Output.Write(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        _isInHead = true;
        _state = State.Size;
    }

    protected override bool TryReadPiece(ref ReadOnlySequence<byte> unread, out ReadOnlySequence<byte> piece, out bool hasEnded)
    {
        piece = default;
        hasEnded = false;
        if (_state == State.Data)
        {
            piece = unread.Slice(0, Math.Min(_leftInChunk, unread.Length));
            unread = unread.Slice(piece.End);
            _leftInChunk -= piece.Length;
            _state = _leftInChunk == 0 ? State.LineEnd : State.Data;
            return !piece.IsEmpty;
        }

        var reader = new SequenceReader<byte>(unread);
        if (!reader.TryReadTo(out ReadOnlySequence<byte> line, _isInHead ? "\r\n\r\n"u8 : "\r\n"u8))
        {
            return false;
        }

        unread = reader.UnreadSequence;
        hasEnded = OnLine(line);
        return true;
    }

    /// <summary>Takes the head, or a line between chunks.</summary>
    /// <returns>Whether it was the last.</returns>
    private bool OnLine(in ReadOnlySequence<byte> line)
    {
        if (_isInHead)
        {
            Span<byte> status = stackalloc byte[12];
            line.Slice(0, status.Length).CopyTo(status);
            _isInHead = status.SequenceEqual("HTTP/1.1 200"u8)
                ? false
                : throw new InvalidOperationException($"The server answered: {Encoding.ASCII.GetString(line)}");
            return false;
        }

        switch (_state)
        {
            case State.Size:
                Span<byte> digits = stackalloc byte[16];
                line.CopyTo(digits);
                if (!Utf8Parser.TryParse(digits[..(int)line.Length], out _leftInChunk, out _, 'x'))
                {
                    throw new InvalidOperationException($"\"{Encoding.ASCII.GetString(line)}\" is no size of a chunk.");
                }

                _state = _leftInChunk == 0 ? State.LastLine : State.Data;
                return false;
            case State.LineEnd:
                _state = State.Size;
                return false;
            default:
                return true;
        }
    }
}
