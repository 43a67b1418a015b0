using System.Buffers.Binary;
using System.Text;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>The frames of HTTP/2 (RFC 9113) that this client sends and reads, and as much of HPACK (RFC 7541) as a request needs.</summary>
internal static class Http2Frames
{
    public const int HeaderBytes = 9;
    public const int InitialWindow = 65_535;
    public const int MaxWindow = int.MaxValue;

    public const byte EndStream = 0x1;
    public const byte Ack = 0x1;
    public const byte EndHeaders = 0x4;
    public const byte Padded = 0x8;
    public const byte Priority = 0x20;

    /// <summary>The kinds of frames.</summary>
    public enum Kind : byte
    {
        Data = 0,
        Headers = 1,
        Priority = 2,
        Reset = 3,
        Settings = 4,
        PushPromise = 5,
        Ping = 6,
        GoAway = 7,
        WindowUpdate = 8,
        Continuation = 9,
    }

    /// <summary>What a client says first: windows so large that flow control never stops the server, the socket does.</summary>
    public static byte[] Preface()
    {
        var bytes = new List<byte>("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        Span<byte> settings = stackalloc byte[12];
        BinaryPrimitives.WriteUInt16BigEndian(settings, 2); // SETTINGS_ENABLE_PUSH = 0
        BinaryPrimitives.WriteUInt16BigEndian(settings[6..], 4); // SETTINGS_INITIAL_WINDOW_SIZE
        BinaryPrimitives.WriteInt32BigEndian(settings[8..], MaxWindow);
        bytes.AddRange(Frame(Kind.Settings, 0, 0, settings));
        bytes.AddRange(WindowUpdate(0, MaxWindow - InitialWindow));
        return [.. bytes];
    }

    /// <summary>Makes a frame.</summary>
    public static byte[] Frame(Kind kind, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[HeaderBytes + payload.Length];
        WriteHeader(frame, payload.Length, kind, flags, stream);
        payload.CopyTo(frame.AsSpan(HeaderBytes));
        return frame;
    }

    /// <summary>Writes what stands before the payload of a frame.</summary>
    public static void WriteHeader(Span<byte> frame, int length, Kind kind, byte flags, int stream)
    {
        BinaryPrimitives.WriteInt32BigEndian(frame, (length << 8) | (byte)kind);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame[5..], stream);
    }

    /// <summary>Makes a frame that gives the server room.</summary>
    public static byte[] WindowUpdate(int stream, int bytes)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, bytes);
        return Frame(Kind.WindowUpdate, 0, stream, payload);
    }

    /// <summary>Makes the frame of a request.</summary>
    public static byte[] Request(int stream, string authority, StreamRequest request, string contentType)
    {
        bool hasBody = request.Upload is not null;
        var block = new List<byte> { (byte)(hasBody ? 0x83 : 0x82), 0x86 }; // :method POST or GET, :scheme http
        AddLiteral(block, [0x04], request.Path); // :path
        AddLiteral(block, [0x01], authority); // :authority
        AddLiteral(block, [0x0f, 0x04], request.Format.MediaType); // accept, index 19
        if (hasBody)
        {
            AddLiteral(block, [0x0f, 0x10], contentType); // content-type, index 31
        }

        return Frame(Kind.Headers, (byte)(EndHeaders | (hasBody ? 0 : EndStream)), stream, [.. block]);
    }

    /// <summary>Tells whether a block of headers begins with the status 200, as every answer of a server does that is asked for a stream.</summary>
    public static bool IsOk(ReadOnlySpan<byte> block)
    {
        // A table size update may stand first (RFC 7541, 6.3); its value goes on while the high bit is set.
        while (block.Length > 1 && (block[0] & 0xE0) == 0x20)
        {
            int length = 1;
            if ((block[0] & 0x1F) == 0x1F)
            {
                while (length < block.Length && (block[length] & 0x80) != 0)
                {
                    length++;
                }

                length++;
            }

            block = block[length..];
        }

        return block.Length > 0 && block[0] == 0x88; // :status 200, index 8
    }

    private static void AddLiteral(List<byte> block, ReadOnlySpan<byte> name, string value)
    {
        if (value.Length > 126)
        {
            throw new ArgumentException($"'{value}' is longer than 126 letters, which this client cannot send over HTTP/2.");
        }

        block.AddRange(name);
        block.Add((byte)value.Length);
        block.AddRange(Encoding.ASCII.GetBytes(value));
    }
}
