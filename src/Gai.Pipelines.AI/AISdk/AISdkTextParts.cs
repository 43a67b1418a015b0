using System.Globalization;
using System.Text;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>Opens and closes the parts that text and reasoning belong to. One is open at a time.</summary>
internal sealed class AISdkTextParts
{
    private int _parts;
    private Part _open;
    private byte[] _id = [];
    private byte[] _deltaBegin = [];
    private string? _signature;

    private enum Part
    {
        None,
        Text,
        Reasoning,
    }

    private static ReadOnlySpan<byte> DeltaEnd => "\"}\n\n"u8;

    public void WriteText(FrameWriter output, in StreamEvent item)
    {
        if (_open != Part.Text)
        {
            Open(output, Part.Text);
        }

        DeltaTemplate.Write(output, _deltaBegin, item, DeltaEnd);
    }

    public void WriteReasoning(FrameWriter output, in StreamEvent item)
    {
        // A signature is of what came before it: what follows is another reasoning.
        if (_open != Part.Reasoning || _signature is not null)
        {
            Open(output, Part.Reasoning);
        }

        _signature = item.Signature;
        if (!item.Text.IsEmpty)
        {
            DeltaTemplate.Write(output, _deltaBegin, item, DeltaEnd);
        }
    }

    public void Close(FrameWriter output)
    {
        if (_open == Part.None)
        {
            return;
        }

        output.Write(_open == Part.Text ? "data: {\"type\":\"text-end\",\"id\":\""u8 : "data: {\"type\":\"reasoning-end\",\"id\":\""u8);
        output.Write(_id);
        output.Write("\""u8);
        if (_signature is { } signature)
        {
            // The client keeps it with the part and sends it back: some models want it with the reasoning.
            output.Write(",\"providerMetadata\":{\"gai\":{\"signature\":"u8);
            JsonText.WriteString(output, signature);
            output.Write("}}"u8);
            _signature = null;
        }

        output.Write("}\n\n"u8);
        _open = Part.None;
    }

    private void Open(FrameWriter output, Part part)
    {
        Close(output);
        _open = part;
        _parts++;
        bool isText = part == Part.Text;
        _id = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{(isText ? "t" : "r")}{_parts}"));
        _deltaBegin = [.. isText ? "data: {\"type\":\"text-delta\",\"id\":\""u8 : "data: {\"type\":\"reasoning-delta\",\"id\":\""u8, .. _id, .. "\",\"delta\":\""u8];
        output.Write(isText ? "data: {\"type\":\"text-start\",\"id\":\""u8 : "data: {\"type\":\"reasoning-start\",\"id\":\""u8);
        output.Write(_id);
        output.Write(DeltaEnd);
    }
}
