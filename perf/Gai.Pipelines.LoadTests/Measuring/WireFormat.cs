namespace Gai.Pipelines.LoadTests.Measuring;

/// <summary>How events look on the wire: the same bytes from every server.</summary>
internal sealed class WireFormat
{
    private readonly byte[] _prefix;
    private readonly byte[] _suffix;
    private readonly byte[] _end;

    private WireFormat(string name, string mediaType, ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> end)
    {
        Name = name;
        MediaType = mediaType;
        _prefix = prefix.ToArray();
        _suffix = suffix.ToArray();
        _end = end.ToArray();
    }

    /// <summary>Server-Sent Events.</summary>
    public static WireFormat Sse { get; } = new(
        "sse", "text/event-stream", "event: text_delta\ndata: {\"text\":\""u8, "\"}\n\n"u8, "\n\n"u8);

    /// <summary>JSON, one record a line.</summary>
    public static WireFormat Ndjson { get; } = new(
        "ndjson", "application/x-ndjson", "{\"type\":\"text_delta\",\"text\":\""u8, "\"}\n"u8, "\n"u8);

    /// <summary>What it is called on the command line.</summary>
    public string Name { get; }

    /// <summary>What a client accepts.</summary>
    public string MediaType { get; }

    /// <summary>What stands before the text of an event.</summary>
    public ReadOnlySpan<byte> Prefix => _prefix;

    /// <summary>What stands behind it.</summary>
    public ReadOnlySpan<byte> Suffix => _suffix;

    /// <summary>What ends any frame.</summary>
    public ReadOnlySpan<byte> End => _end;

    /// <summary>The bytes of an event.</summary>
    public int FrameBytes => _prefix.Length + Letters.Length + _suffix.Length;

    /// <summary>Gets a format by its name.</summary>
    public static WireFormat Of(string name) =>
        name == Sse.Name ? Sse : name == Ndjson.Name ? Ndjson : throw new ArgumentException($"There is no format '{name}'; there are {Sse.Name} and {Ndjson.Name}.");

    /// <summary>Makes a frame beforehand.</summary>
    public byte[] Frame(string text)
    {
        var frame = new byte[FrameBytes];
        _prefix.CopyTo(frame, 0);
        System.Text.Encoding.ASCII.GetBytes(text, frame.AsSpan(_prefix.Length));
        _suffix.CopyTo(frame, _prefix.Length + Letters.Length);
        return frame;
    }
}
