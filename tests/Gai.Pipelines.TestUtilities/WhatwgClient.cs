using System.Text;

namespace Gai.Pipelines.TestUtilities;

/// <summary>One event as a browser would dispatch it.</summary>
public sealed record WhatwgEvent(string Type, string Data, string LastEventId);

/// <summary>
/// Reads an event stream as WHATWG HTML 9.2.5 and 9.2.6 say, sentence by sentence and with no regard to speed. It shares
/// no code with the library nor with <c>SseParser</c>, so that the three can be held against each other.
/// </summary>
public sealed class WhatwgClient
{
    private readonly StringBuilder _data = new();
    private readonly List<WhatwgEvent> _events = [];
    private readonly List<string> _comments = [];
    private string _type = string.Empty;
    private string _idBuffer = string.Empty;

    private WhatwgClient()
    {
    }

    /// <summary>The events that were dispatched.</summary>
    public IReadOnlyList<WhatwgEvent> Events => _events;

    /// <summary>The text of all comment lines, after the colon.</summary>
    public IReadOnlyList<string> Comments => _comments;

    /// <summary>The reconnection time in milliseconds; <see langword="null"/> if no valid <c>retry</c> came.</summary>
    public string? Retry { get; private set; }

    /// <summary>What the client would send as <c>Last-Event-ID</c>.</summary>
    public string LastEventId { get; private set; } = string.Empty;

    /// <summary>Whether bytes were left over that no blank line has ended.</summary>
    public bool EndedInsideBlock { get; private set; }

    /// <summary>Reads a whole stream.</summary>
    public static WhatwgClient Read(ReadOnlySpan<byte> bytes)
    {
        // 9.2.5: "Streams must be decoded using the UTF-8 decode algorithm", which strips one leading byte order mark.
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
        {
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        }

        var client = new WhatwgClient();
        client.Interpret(new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetString(bytes));
        return client;
    }

    private void Interpret(string text)
    {
        // 9.2.6: "Lines must be separated by either a U+000D U+000A character pair, a single U+000A, or a single U+000D."
        int start = 0;
        bool blockIsOpen = false;
        while (start < text.Length)
        {
            int end = start;
            while (end < text.Length && text[end] != '\n' && text[end] != '\r')
            {
                end++;
            }

            if (end == text.Length)
            {
                EndedInsideBlock = true;
                return;
            }

            string line = text[start..end];
            start = end + (text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? 2 : 1);
            blockIsOpen = line.Length > 0;
            InterpretLine(line);
        }

        // 9.2.6: "Once the end of the file is reached, any pending data must be discarded."
        EndedInsideBlock = blockIsOpen;
    }

    private void InterpretLine(string line)
    {
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        if (line.Length == 0)
        {
            Dispatch();
        }
        else if (colon == 0)
        {
            _comments.Add(line[1..]);
        }
        else if (colon > 0)
        {
            string value = line[(colon + 1)..];
            ProcessField(line[..colon], value.StartsWith(' ') ? value[1..] : value);
        }
        else
        {
            ProcessField(line, string.Empty);
        }
    }

    private void ProcessField(string name, string value)
    {
        switch (name)
        {
            case "event":
                _type = value;
                break;
            case "data":
                _data.Append(value).Append('\n');
                break;
            case "id" when !value.Contains('\0', StringComparison.Ordinal):
                _idBuffer = value;
                break;
            case "retry" when value.Length > 0 && value.All(char.IsAsciiDigit):
                Retry = value;
                break;
        }
    }

    private void Dispatch()
    {
        LastEventId = _idBuffer;
        if (_data.Length == 0)
        {
            _type = string.Empty;
            return;
        }

        _data.Length--;
        _events.Add(new WhatwgEvent(_type.Length > 0 ? _type : "message", _data.ToString(), LastEventId));
        _data.Clear();
        _type = string.Empty;
    }
}
