using System.Buffers.Binary;
using System.Diagnostics;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Fuzz;

/// <summary>Reads frames with npm's eventsource-parser and JavaScript's <c>JSON.parse</c>, in a process of Node (tests/clients/fuzz.mjs).</summary>
internal sealed class NodeReader : IDisposable
{
    private readonly Process _process;
    private readonly Stream _questions;
    private readonly Stream _answers;
    private byte[] _answer = new byte[1 << 16];

    private NodeReader(Process process)
    {
        _process = process;
        _questions = process.StandardInput.BaseStream;
        _answers = process.StandardOutput.BaseStream;
    }

    public static async Task<NodeReader> StartAsync() => new(await NodeClients.StartAsync("fuzz.mjs"));

    /// <summary>Gives it a stream to read, in pieces of some size. It reads while the caller does something else.</summary>
    public void Ask(Reading reading, byte[] bytes, int piece)
    {
        Span<byte> head = stackalloc byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(head, (int)reading);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], piece);
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], bytes.Length);
        try
        {
            _questions.Write(head);
            _questions.Write(bytes);
            _questions.Flush();
        }
        catch (IOException)
        {
            throw Ended();
        }
    }

    /// <summary>What it has read.</summary>
    public ReadOnlySpan<byte> Answer()
    {
        Span<byte> head = stackalloc byte[4];
        try
        {
            _answers.ReadExactly(head);
            int length = BinaryPrimitives.ReadInt32LittleEndian(head);
            if (_answer.Length < length)
            {
                _answer = new byte[length * 2];
            }

            _answers.ReadExactly(_answer.AsSpan(0, length));
            return _answer.AsSpan(0, length);
        }
        catch (EndOfStreamException)
        {
            throw Ended();
        }
    }

    private InvalidOperationException Ended() => new($"Node has ended: {_process.StandardError.ReadToEnd()}");

    public void Dispose()
    {
        _questions.Close();
        _process.WaitForExit(TimeSpan.FromSeconds(10));
        _process.Dispose();
    }
}
