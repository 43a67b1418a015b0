namespace Gai.Pipelines.Internal;

/// <summary>What tells of a gap in a log where the dialect has no record for it.</summary>
internal static class GapRecord
{
    public static void Write(FrameWriter output, long dropped, EventId firstId)
    {
        output.Write("{"u8);
        var fields = new JsonFields(output, hasFields: false);
        fields.Number("\"dropped\":"u8, dropped);
        fields.Text("\"first_id\":"u8, firstId.ToString());
        output.Write("}"u8);
    }
}
