using System.Buffers.Binary;
using System.Text;

namespace Gai.Pipelines.Fuzz;

/// <summary>Finds texts in what was read.</summary>
internal static class CanonicalText
{
    /// <summary>Joins the texts at a path, such as <c>choices/delta/content</c>; items of arrays have no name of their own.</summary>
    /// <param name="read">What was read, see <see cref="Canonical"/>.</param>
    /// <param name="type">The field <c>type</c> of the objects that are meant, which comes before the text; <see langword="null"/> for all.</param>
    /// <param name="path">The path.</param>
    public static string At(ReadOnlySpan<byte> read, string? type, string path)
    {
        var text = new StringBuilder();
        var walk = new Walk(read);
        bool isMeant = type is null;
        while (walk.Next(out bool begins))
        {
            if (begins)
            {
                isMeant = type is null;
            }
            else if (walk.Letter == 's' && walk.Path == path && isMeant)
            {
                text.Append(Encoding.UTF8.GetString(walk.Text));
            }
            else if (walk.Letter == 's' && type is not null && walk.Path == "type")
            {
                isMeant = Encoding.UTF8.GetString(walk.Text) == type;
            }
        }

        return text.ToString();
    }

    private ref struct Walk(ReadOnlySpan<byte> read)
    {
        private readonly Stack<string> _open = new();
        private ReadOnlySpan<byte> _rest = read;
        private string _name = string.Empty;

        public char Letter { get; private set; }

        public ReadOnlySpan<byte> Text { get; private set; }

        public string Path { get; private set; } = string.Empty;

        public bool Next(out bool begins)
        {
            begins = false;
            if (_rest.IsEmpty)
            {
                return false;
            }

            Letter = (char)_rest[0];
            _rest = _rest[1..];
            switch (Letter)
            {
                case 'e':
                    Take();
                    Take();
                    _rest = _rest[8..];
                    begins = true;
                    break;
                case 'r':
                    begins = true;
                    break;
                case 'z':
                    _rest = [];
                    break;
                case 'd':
                    _rest = _rest[8..];
                    break;
                case 'k':
                    Text = Take();
                    _name = Encoding.UTF8.GetString(Text);
                    break;
                case 's' or 'x' or 'c':
                    Text = Take();
                    Path = string.Join('/', _open.Reverse().Append(_name).Where(name => name.Length > 0));
                    break;
                case '{' or '[':
                    _open.Push(_name);
                    _name = string.Empty;
                    break;
                case '}' or ']':
                    _open.Pop();
                    _name = string.Empty;
                    break;
            }

            return true;
        }

        private ReadOnlySpan<byte> Take()
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(_rest);
            ReadOnlySpan<byte> text = _rest.Slice(4, length);
            _rest = _rest[(4 + length)..];
            return text;
        }
    }
}
