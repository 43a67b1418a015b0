using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Gai.Pipelines.PostgreSql.Internal;

/// <summary>The text of a notification: who sends it, and which logs have changed.</summary>
/// <remarks>
/// Anybody who may connect to the database can listen, whatever tables it may read. So a log is named by a hash: its id would open it. Two logs of one
/// hash are signalled together, which costs a read.
/// </remarks>
internal static class Notification
{
    private const int NumberLength = 16;
    private const int EntryLength = NumberLength + 1;
    private const char Frames = 'f';

    // PostgreSQL takes less than 8,000 bytes.
    private const int MaxEntries = (7900 - NumberLength) / EntryLength;

    /// <summary>Gets what a notification calls a log.</summary>
    public static ulong NameOf(LogId log)
    {
        Span<byte> bits = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bits, log.Bits);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bits, hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }

    /// <summary>Writes as few notifications as the changes take.</summary>
    public static string[] Write(ulong sender, IReadOnlyCollection<KeyValuePair<ulong, LogChange>> changes) =>
        [.. changes.Chunk(MaxEntries).Select(some => string.Create(NumberLength + (some.Length * EntryLength), (sender, some), static (text, all) =>
        {
            all.sender.TryFormat(text, out _, "x16", CultureInfo.InvariantCulture);
            text = text[NumberLength..];
            foreach ((ulong log, LogChange change) in all.some)
            {
                text[0] = change == LogChange.Frames ? Frames : 'o';
                log.TryFormat(text[1..], out _, "x16", CultureInfo.InvariantCulture);
                text = text[EntryLength..];
            }
        }))];

    /// <summary>Reads a notification. What is none of ours is passed over: anybody may send on the channel.</summary>
    public static void Read(ReadOnlySpan<char> text, ulong self, Action<ulong, LogChange> onChange)
    {
        if (text.Length < NumberLength || !TryRead(text, out ulong sender) || sender == self)
        {
            return;
        }

        for (text = text[NumberLength..]; text.Length >= EntryLength && TryRead(text[1..], out ulong log); text = text[EntryLength..])
        {
            onChange(log, text[0] == Frames ? LogChange.Frames : LogChange.Ownership);
        }
    }

    private static bool TryRead(ReadOnlySpan<char> text, out ulong number) =>
        ulong.TryParse(text[..NumberLength], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);
}
