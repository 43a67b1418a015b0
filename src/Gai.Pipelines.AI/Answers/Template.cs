using System.Buffers;

namespace Gai.Pipelines.AI;

/// <summary>Makes the parts of frames that are the same in all events of a stream.</summary>
internal static class Template
{
    private const int LargestBytes = 1024 * 1024;

    /// <summary>Renders bytes once, to be copied many times.</summary>
    public static byte[] Render<TState>(TState state, Action<FrameWriter, TState> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var output = new FrameWriter(bytes, LargestBytes);
        write(output, state);
        output.Commit();
        output.Publish();
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Puts parts together.</summary>
    public static byte[] Join(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => [.. first, .. second];
}
