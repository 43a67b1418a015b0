using System.Buffers;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>Puts the audio of a step together, as files: the client has no place for pieces of one.</summary>
internal sealed class AISdkAudio
{
    private ArrayBufferWriter<byte>? _bytes;
    private string? _mediaType;

    /// <summary>Keeps a piece. A piece of another format begins another file.</summary>
    /// <exception cref="FrameTooLargeException">The file has grown beyond what one frame may hold.</exception>
    public void Add(FrameWriter output, in StreamEvent item)
    {
        string mediaType = item.AudioFormat is { Mime.Length: > 0 } format ? format.Mime : _mediaType ?? "application/octet-stream";
        if (mediaType != _mediaType)
        {
            Write(output);
        }

        _mediaType = mediaType;
        (_bytes ??= new ArrayBufferWriter<byte>()).Write(item.Audio.Span);
        if (_bytes.WrittenCount > output.MaxFrameBytes)
        {
            throw new FrameTooLargeException(output.MaxFrameBytes);
        }
    }

    /// <summary>Writes what has come so far.</summary>
    public void Write(FrameWriter output)
    {
        if (_bytes is { WrittenCount: > 0 } bytes)
        {
            JsonFields fields = AISdkChunks.Begin(output, "file");
            fields.DataUrl("\"url\":"u8, _mediaType!, bytes.WrittenSpan);
            fields.Text("\"mediaType\":"u8, _mediaType);
            AISdkChunks.End(output);
        }

        _bytes = null;
        _mediaType = null;
    }
}
