using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>The chunks of one stream of OpenAI's completions: what they all begin and end with, made once.</summary>
internal sealed class OpenAIChunks
{
    private readonly byte[] _head;
    private readonly byte[] _tail;

    /// <summary>Makes the parts.</summary>
    /// <param name="type">The kind of object that the chunks are.</param>
    /// <param name="idPrefix">What the id of the stream begins with.</param>
    /// <param name="model">The model that answers.</param>
    /// <param name="created">When the stream began.</param>
    /// <param name="usage">Whether the client wants the usage, and then a null for it in every chunk but the last.</param>
    public OpenAIChunks(string type, string idPrefix, string model, DateTimeOffset created, bool usage)
    {
        _head = Template.Render((type, idPrefix, model, created), static (output, state) =>
        {
            output.Write("data: {"u8);
            var fields = new JsonFields(output, hasFields: false);
            OpenAIChunks.WriteIdentity(ref fields, state.type, state.idPrefix, state.model, state.created);
            fields.BeginArray("\"choices\":"u8);
        });
        _tail = usage ? "],\"usage\":null}\n\n"u8.ToArray() : "]}\n\n"u8.ToArray();
    }

    /// <summary>Writes the fields with which chunks and documents begin.</summary>
    public static void WriteIdentity(ref JsonFields fields, string type, string idPrefix, string model, DateTimeOffset created)
    {
        fields.Text("\"id\":"u8, VendorId.New(idPrefix));
        fields.Text("\"object\":"u8, type);
        fields.Number("\"created\":"u8, created.ToUnixTimeSeconds());
        fields.Text("\"model\":"u8, model);
    }

    /// <summary>What a chunk with a text begins with, up to the text.</summary>
    public byte[] Before(ReadOnlySpan<byte> choice) => Template.Join(_head, choice);

    /// <summary>What it ends with, from the quotation mark after the text.</summary>
    public byte[] After(ReadOnlySpan<byte> choice) => Template.Join(choice, _tail);

    public void Begin(FrameWriter output) => output.Write(_head);

    public void End(FrameWriter output) => output.Write(_tail);

    /// <summary>Writes the chunk that has the usage and no choice, the last one.</summary>
    public void WriteUsage(FrameWriter output, in TokenUsage usage)
    {
        output.Write(_head);
        output.Write("]"u8);
        var fields = new JsonFields(output, hasFields: true);
        OpenAIWords.WriteUsage(ref fields, usage);
        output.Write("}\n\n"u8);
    }
}
