using System.Buffers;
using System.Buffers.Text;

namespace Gai.Pipelines.Internal;

/// <summary>Writes the fields of a JSON object one after the other, with the commas between them.</summary>
/// <remarks>
/// All text of our own dialects goes through one escaper, <see cref="JsonText"/>, so that a character looks the same in
/// every kind of event. Names are given with their quotation marks and colon, as in <c>"\"text\":"u8</c>.
/// </remarks>
internal ref struct JsonFields
{
    private readonly FrameWriter _output;
    private bool _separate;

    /// <summary>Goes on in an object that the caller has opened.</summary>
    public JsonFields(FrameWriter output, bool hasFields)
    {
        _output = output;
        _separate = hasFields;
    }

    public void Text(ReadOnlySpan<byte> name, in EventText value)
    {
        Name(name);
        JsonText.WriteString(_output, value);
    }

    /// <summary>Begins a text; the caller goes on after the quotation mark.</summary>
    public void TextOpen(ReadOnlySpan<byte> name)
    {
        Name(name);
        _output.Write("\""u8);
    }

    public void TextIfAny(ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            Text(name, value);
        }
    }

    public void TextOrNull(ReadOnlySpan<byte> name, string? value)
    {
        if (value is null)
        {
            Null(name);
        }
        else
        {
            Text(name, value);
        }
    }

    public void Number(ReadOnlySpan<byte> name, long value)
    {
        Name(name);
        SseEncoder.WriteNumber(_output, value);
    }

    public void NumberIfAny(ReadOnlySpan<byte> name, long value)
    {
        if (value != 0)
        {
            Number(name, value);
        }
    }

    public void Number(ReadOnlySpan<byte> name, double value)
    {
        Name(name);
        Utf8Formatter.TryFormat(value, _output.GetSpan(32), out int written);
        _output.Advance(written);
    }

    public void Bool(ReadOnlySpan<byte> name, bool value)
    {
        Name(name);
        _output.Write(value ? "true"u8 : "false"u8);
    }

    public void Null(ReadOnlySpan<byte> name)
    {
        Name(name);
        _output.Write("null"u8);
    }

    public void Json(ReadOnlySpan<byte> name, in EventText json, ReadOnlySpan<byte> ifEmpty, string what)
    {
        Name(name);
        RawJson.Write(_output, json, ifEmpty, what);
    }

    /// <summary>A JSON value as the text of a string.</summary>
    public void JsonAsString(ReadOnlySpan<byte> name, in EventText json, ReadOnlySpan<byte> ifEmpty, string what)
    {
        Name(name);
        RawJson.WriteAsString(_output, json, ifEmpty, what);
    }

    public void Base64(ReadOnlySpan<byte> name, ReadOnlySpan<byte> bytes)
    {
        Name(name);
        _output.Write("\""u8);
        Base64(bytes);
        _output.Write("\""u8);
    }

    /// <summary>Bytes as a <c>data:</c> URL.</summary>
    public void DataUrl(ReadOnlySpan<byte> name, string mediaType, ReadOnlySpan<byte> bytes)
    {
        Name(name);
        _output.Write("\"data:"u8);
        JsonText.Write(_output, mediaType);
        _output.Write(";base64,"u8);
        Base64(bytes);
        _output.Write("\""u8);
    }

    private void Base64(ReadOnlySpan<byte> bytes)
    {
        const int Piece = 1023; // a multiple of 3: only the last piece is padded
        while (!bytes.IsEmpty)
        {
            ReadOnlySpan<byte> piece = bytes[..Math.Min(Piece, bytes.Length)];
            System.Buffers.Text.Base64.EncodeToUtf8(piece, _output.GetSpan(System.Buffers.Text.Base64.GetMaxEncodedToUtf8Length(piece.Length)), out _, out int written);
            _output.Advance(written);
            bytes = bytes[piece.Length..];
        }
    }

    public void BeginObject(ReadOnlySpan<byte> name)
    {
        Name(name);
        _output.Write("{"u8);
        _separate = false;
    }

    public void EndObject()
    {
        _output.Write("}"u8);
        _separate = true;
    }

    public void BeginArray(ReadOnlySpan<byte> name)
    {
        Name(name);
        _output.Write("["u8);
        _separate = false;
    }

    public void EmptyArray(ReadOnlySpan<byte> name)
    {
        BeginArray(name);
        EndArray();
    }

    public void BeginItem() => BeginObject([]);

    public void EndArray()
    {
        _output.Write("]"u8);
        _separate = true;
    }

    private void Name(ReadOnlySpan<byte> name)
    {
        if (_separate)
        {
            _output.Write(","u8);
        }

        _separate = true;
        _output.Write(name);
    }
}
