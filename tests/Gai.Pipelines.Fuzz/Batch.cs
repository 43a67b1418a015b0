using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Fuzz;

/// <summary>A difference between what was written and what was read.</summary>
/// <param name="What">What it is, in words.</param>
internal sealed record Difference(string What);

/// <summary>Writes one stream and has it read by both parsers.</summary>
internal sealed class Batch(NodeReader node)
{
    // Of blocks that no frame fits into up to those of Kestrel and beyond.
    private static readonly int[] Blocks = [1 << 16, 4096, 4096, 4096, 1021, 256, 61, 7, 1];

    private static readonly int[] PieceSizes = [0, 0, 0, 4096, 1000, 97];

    private readonly Expected _expected = new();
    private readonly FrameworkParser _framework = new();

    /// <summary>How many frames the last stream had.</summary>
    public int Frames { get; private set; }

    /// <summary>The bytes of the last stream.</summary>
    public byte[] Bytes { get; private set; } = [];

    /// <summary>Writes and reads a stream.</summary>
    /// <param name="lane">How.</param>
    /// <param name="opening">The choices for the stream.</param>
    /// <param name="parts">The choices for each thing that is written.</param>
    public Difference? Run(Lane lane, Choices opening, IEnumerable<Choices> parts)
    {
        int part = -1;
        int piece;
        FuzzStream stream;
        try
        {
            stream = lane.Begin(opening);
            var output = new BlockBufferWriter(opening.Of<int>(Blocks), opening.OneIn(4) ? BlockMemory.Opaque : BlockMemory.Array);
            piece = opening.OneIn(64) ? 1 + opening.Below(8) : opening.Of<int>(PieceSizes);
            Write(stream, lane, output, opening, parts, ref part);
            Bytes = output.ToArray();
        }
        catch (Exception failure)
        {
            Bytes = [];
            return new Difference($"Thing {part} of the stream: {(failure is FuzzException ? failure.Message : failure.ToString())}");
        }

        node.Ask(lane.Reading, Bytes, piece);
        _framework.Run(lane.Reading, Bytes, piece);
        Frames = stream.IsExact ? _expected.Frames : _framework.Count;
        return Compare(stream, node.Answer());
    }

    private void Write(FuzzStream stream, Lane lane, BlockBufferWriter blocks, Choices opening, IEnumerable<Choices> parts, ref int part)
    {
        var output = new FrameWriter(blocks);
        _expected.Clear();
        stream.Open(output, _expected);
        output.Commit();
        foreach (Choices choices in parts)
        {
            part++;
            stream.Write(choices, output, _expected);
            output.Commit();
            if (choices.OneIn(8))
            {
                output.Publish();
            }
        }

        stream.Close(opening, output, _expected);
        output.Commit();
        output.Publish();
        if (lane.Reading == Reading.Records)
        {
            _expected.EndRecords();
        }
        else
        {
            _expected.EndEvents();
        }
    }

    private Difference? Compare(FuzzStream stream, ReadOnlySpan<byte> node)
    {
        ReadOnlySpan<byte> framework = _framework.Read.Bytes;
        if (stream.IsExact)
        {
            return Compare(_expected.Node, node, "npm's parser") ?? Compare(_expected.Framework, framework, "the framework's parser");
        }

        if (!node.SequenceEqual(framework))
        {
            int at = node.CommonPrefixLength(framework);
            return new Difference($"The parsers differ {at:N0} bytes into what they have read.\n npm's parser:{Canonical.Describe(node, 4000)}\n the framework's parser:{Canonical.Describe(framework, 4000)}");
        }

        return stream.Judge(framework) is { } wrong ? new Difference(wrong) : null;
    }

    private Difference? Compare(Canonical expected, ReadOnlySpan<byte> read, string who)
    {
        if (expected.Bytes.SequenceEqual(read))
        {
            return null;
        }

        int start = _expected.FrameStart(expected, expected.Bytes.CommonPrefixLength(read));
        return new Difference(
            $"{who} has read something else than was written.\n written:{Canonical.Describe(expected.Bytes[start..], 2000)}\n read:{Canonical.Describe(read[Math.Min(start, read.Length)..], 2000)}");
    }
}
