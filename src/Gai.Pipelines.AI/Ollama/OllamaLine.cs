using System.Globalization;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>The beginning of a line of Ollama's: the model, the time, and what stands before the text. Only the time changes, in place.</summary>
internal sealed class OllamaLine
{
    // 2025-11-22T08:26:40.123Z
    private const int TimeLength = 24;
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private readonly byte[] _bytes;
    private readonly int _timeStart;
    private long _milliseconds = long.MinValue;

    public OllamaLine(string model, ReadOnlySpan<byte> afterTime)
    {
        byte[] head = Template.Render(model, static (output, name) =>
        {
            output.Write("{"u8);
            var fields = new JsonFields(output, hasFields: false);
            fields.Text("\"model\":"u8, name);
            output.Write(",\"created_at\":\""u8);
        });
        _timeStart = head.Length;
        _bytes = [.. head, .. new byte[TimeLength], (byte)'"', .. afterTime];
    }

    /// <summary>Gives the line's beginning with a time, in milliseconds since 1970.</summary>
    public ReadOnlySpan<byte> At(long milliseconds)
    {
        if (milliseconds != _milliseconds)
        {
            _milliseconds = milliseconds;
            DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
                .TryFormat(_bytes.AsSpan(_timeStart, TimeLength), out _, TimeFormat, CultureInfo.InvariantCulture);
        }

        return _bytes;
    }
}
