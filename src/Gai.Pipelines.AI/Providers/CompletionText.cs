using System.Text.Json;

namespace Gai.Pipelines.AI.Providers;

/// <summary>Gives the strings of a record as UTF-8: as slices of the record itself or, where something is escaped, of one buffer that all records share.</summary>
internal sealed class CompletionText
{
    private const int LongestHalf = 3;

    private static readonly byte[] Replacement = [.. "\uFFFD"u8];

    private ReadOnlyMemory<byte> _json;
    private byte[] _scratch = [];
    private int _used;

    /// <summary>Begins a record. What was given of the one before is no longer valid.</summary>
    public void Begin(ReadOnlyMemory<byte> json)
    {
        _json = json;
        _used = 0;

        // Unescaped text is never longer than escaped, and each string brings more than the bytes of a half with its quotation marks and its name.
        if (_scratch.Length < json.Length + LongestHalf)
        {
            _scratch = GC.AllocateUninitializedArray<byte>(Math.Max(1024, 2 * (json.Length + LongestHalf)));
        }
    }

    /// <summary>Gives the string that the reader is at.</summary>
    /// <param name="reader">The reader of the record.</param>
    /// <param name="half">The half code point of the string before and of this one.</param>
    public ReadOnlyMemory<byte> Read(ref Utf8JsonReader reader, ref char half)
    {
        ReadOnlyMemory<byte> text = _json.Slice((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
        if (text.IsEmpty || (!reader.ValueIsEscaped && half == 0))
        {
            return text;
        }

        int start = _used;
        _used += JsonUnescape.Write(text.Span, _scratch.AsSpan(start), ref half);
        return _scratch.AsMemory(start, _used - start);
    }

    /// <summary>Gives the value that the reader is at as it stands, and goes to its end.</summary>
    public ReadOnlyMemory<byte> ReadRaw(ref Utf8JsonReader reader)
    {
        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        return _json[start..(int)reader.BytesConsumed];
    }

    /// <summary>Gives what stands for a half that nothing has completed.</summary>
    public static ReadOnlyMemory<byte> End(ref char half)
    {
        bool isHalf = half != 0;
        half = '\0';
        return isHalf ? Replacement : default(ReadOnlyMemory<byte>);
    }
}
