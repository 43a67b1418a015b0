using System.Text;

namespace Gai.Pipelines.Fuzz;

/// <summary>What must be read from a stream, written down while its frames are made and by other code than encodes them.</summary>
internal sealed class Expected
{
    private readonly List<(int Node, int Framework)> _frames = [];
    private string _lastId = string.Empty;
    private double _retry = -1;
    private int _start;

    /// <summary>What npm's parser reads.</summary>
    public Canonical Node { get; } = new();

    /// <summary>What the framework's parser reads: it shows no comments.</summary>
    public Canonical Framework { get; } = new();

    /// <summary>How many frames there are.</summary>
    public int Frames => _frames.Count;

    /// <summary>Begins anew.</summary>
    public void Clear()
    {
        Node.Clear();
        Framework.Clear();
        _frames.Clear();
        _lastId = string.Empty;
        _retry = -1;
    }

    /// <summary>Begins an event; its payload goes into <see cref="Node"/>.</summary>
    public void BeginEvent(string? name, string? id = null, TimeSpan? retry = null)
    {
        Fields(id, retry);
        _start = Node.Length;
        Node.Mark('e');
        Node.Text(string.IsNullOrEmpty(name) ? "message" : name);
        Node.Text(_lastId);
        Node.Number(_retry);
    }

    /// <summary>Begins a record; its payload goes into <see cref="Node"/>.</summary>
    public void BeginRecord()
    {
        _start = Node.Length;
        Node.Mark('r');
    }

    /// <summary>Ends what was begun.</summary>
    public void End()
    {
        Framework.Append(Node.Bytes[_start..]);
        _frames.Add((Node.Length, Framework.Length));
    }

    /// <summary>A comment of one or more lines.</summary>
    public void Comment(string text)
    {
        foreach (string line in Lines(text).Split('\n'))
        {
            Node.Mark('c');
            Node.Text(line);
        }

        _frames.Add((Node.Length, Framework.Length));
    }

    /// <summary>A block without data: only what it sets remains.</summary>
    public void Block(string? id = null, TimeSpan? retry = null)
    {
        Fields(id, retry);
        _frames.Add((Node.Length, Framework.Length));
    }

    /// <summary>The end of a stream of events.</summary>
    public void EndEvents()
    {
        foreach (Canonical each in (ReadOnlySpan<Canonical>)[Node, Framework])
        {
            each.Mark('z');
            each.Text(_lastId);
            each.Number(_retry);
        }
    }

    /// <summary>The end of a stream of records, after which nothing is left.</summary>
    public void EndRecords()
    {
        foreach (Canonical each in (ReadOnlySpan<Canonical>)[Node, Framework])
        {
            each.Mark('z');
            each.Text(string.Empty);
        }
    }

    /// <summary>Where the frame begins that a place belongs to.</summary>
    public int FrameStart(Canonical side, int at)
    {
        int start = 0;
        foreach ((int node, int framework) in _frames)
        {
            int end = side == Node ? node : framework;
            if (end > at)
            {
                break;
            }

            start = end;
        }

        return start;
    }

    /// <summary>The data of an event with text: its lines, joined with LF.</summary>
    public void Data(string text)
    {
        Node.Mark('s');
        Node.Text(Lines(text));
    }

    /// <inheritdoc cref="Data(string)"/>
    public void Data(byte[] utf8)
    {
        Node.Mark('s');
        if (utf8.AsSpan().Contains((byte)'\r'))
        {
            Node.Text(Encoding.Latin1.GetBytes(Lines(Encoding.Latin1.GetString(utf8))));
        }
        else
        {
            Node.Text(utf8);
        }
    }

    private static string Lines(string text) =>
        text.Contains('\r') ? text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n') : text;

    private void Fields(string? id, TimeSpan? retry)
    {
        _lastId = id ?? _lastId;
        _retry = retry is { } time ? time.Ticks / TimeSpan.TicksPerMillisecond : _retry;
    }
}

/// <summary>Writes JSON values down.</summary>
internal static class ExpectedJson
{
    public static void String(this Canonical to, string? text)
    {
        if (text is null)
        {
            to.Mark('n');
        }
        else
        {
            to.Mark('s');
            to.Text(text);
        }
    }

    public static void String(this Canonical to, EventText text)
    {
        to.Mark('s');
        if (text.IsString)
        {
            to.Text(text.String);
        }
        else
        {
            to.Text(text.Utf8.Span);
        }
    }

    public static void Double(this Canonical to, double value)
    {
        to.Mark('d');
        to.Number(value);
    }

    public static void Bool(this Canonical to, bool value) => to.Mark(value ? 't' : 'f');

    public static void Key(this Canonical to, string name)
    {
        to.Mark('k');
        to.Text(name);
    }

    public static void Field(this Canonical to, string name, EventText value)
    {
        to.Key(name);
        to.String(value);
    }

    public static void Field(this Canonical to, string name, double value)
    {
        to.Key(name);
        to.Double(value);
    }

    public static void Field(this Canonical to, string name, bool value)
    {
        to.Key(name);
        to.Bool(value);
    }

    public static void FieldIfAny(this Canonical to, string name, string? value)
    {
        if (value is not null)
        {
            to.Field(name, value);
        }
    }

    public static void Null(this Canonical to, string name)
    {
        to.Key(name);
        to.Mark('n');
    }

    public static void Open(this Canonical to, string name, char bracket = '{')
    {
        to.Key(name);
        to.Mark(bracket);
    }
}
