using System.Numerics;

namespace Gai.Pipelines.AI;

/// <summary>Tells when a JSON object that comes in pieces is complete. Looks at brackets and strings, not at the rest of the grammar.</summary>
internal struct JsonObjectScanner
{
    private State _state;
    private int _depth;

    private enum State : byte
    {
        Before,
        Inside,
        InString,
        AfterBackslash,
        After,
    }

    public readonly bool HasBegun => _state != State.Before;

    public readonly bool IsComplete => _state == State.After;

    /// <summary>Tells whether a text is a whole object, and nothing but blanks follows it.</summary>
    /// <exception cref="FormatException">It is no object.</exception>
    public static bool IsObject(in EventText json)
    {
        JsonObjectScanner scanner = default;
        scanner.Read(json);
        return scanner.IsComplete;
    }

    /// <summary>Makes sure that nothing but blanks follows an object.</summary>
    /// <exception cref="FormatException">Something does.</exception>
    public static void CheckIsBlank(in EventText piece)
    {
        JsonObjectScanner scanner = new() { _state = State.After };
        scanner.Read(piece);
    }

    /// <summary>Reads the next piece.</summary>
    /// <exception cref="FormatException">It is no object, or something follows it.</exception>
    public void Read(in EventText piece)
    {
        if (piece.String is { } text)
        {
            Read(text.AsSpan());
        }
        else
        {
            Read(piece.Utf8.Span);
        }
    }

    private void Read<T>(ReadOnlySpan<T> piece)
        where T : unmanaged, IBinaryInteger<T>
    {
        foreach (T unit in piece)
        {
            // What matters is ASCII in UTF-16 and in UTF-8 alike.
            Read((char)ushort.CreateTruncating(unit));
        }
    }

    private void Read(char unit)
    {
        switch (_state)
        {
            case State.Inside when unit is '{' or '[':
                _depth++;
                break;
            case State.Inside when unit is '}' or ']':
                _state = --_depth == 0 ? State.After : State.Inside;
                break;
            case State.Inside when unit == '"':
                _state = State.InString;
                break;
            case State.InString when unit == '"':
                _state = State.Inside;
                break;
            case State.InString when unit == '\\':
                _state = State.AfterBackslash;
                break;
            case State.AfterBackslash:
                _state = State.InString;
                break;
            case State.Before when unit == '{':
                _state = State.Inside;
                _depth = 1;
                break;
            case State.Before or State.After when unit is not (' ' or '\t' or '\r' or '\n'):
                throw new FormatException(_state == State.Before
                    ? "The input of a tool call is not a JSON object, and the client's API knows no other. Give an object."
                    : "The input of a tool call goes on after its JSON object has ended. Give one object, under an id of its own.");
        }
    }
}
