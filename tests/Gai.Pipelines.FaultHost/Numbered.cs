using System.Globalization;
using System.Text;

namespace Gai.Pipelines.FaultHost;

/// <summary>Events that say their number, and the bytes that they must be on the wire. What a client got is right if it is a beginning of these.</summary>
internal static class Numbered
{
    private static ReadOnlySpan<byte> KeepAlive => ": keep-alive\n\n"u8;

    /// <summary>An event of so many bytes: its number and padding.</summary>
    public static string Event(int number, int bytes) => string.Create(
        Math.Max(bytes, 9), number, static (text, number) =>
        {
            number.TryFormat(text, out _, "D8", CultureInfo.InvariantCulture);
            text[8] = ' ';
            text[9..].Fill('x');
        });

    /// <summary>The frame of an event over SSE.</summary>
    public static string Frame(int number, int bytes) => $"data: {Event(number, bytes)}\n\n";

    /// <summary>Counts the whole frames of a body that may end anywhere. Keep-alives between them are well.</summary>
    /// <exception cref="InvalidDataException">It is not a beginning of the frames 1, 2, 3 and so on: something was lost, doubled or torn.</exception>
    public static int CountWhole(ReadOnlySpan<byte> body, int bytes)
    {
        int whole = 0;
        while (!body.IsEmpty)
        {
            bool isKeepAlive = body[0] == KeepAlive[0];
            ReadOnlySpan<byte> expected = isKeepAlive ? KeepAlive : Encoding.ASCII.GetBytes(Frame(whole + 1, bytes));
            int common = body.CommonPrefixLength(expected);
            if (common < expected.Length && common < body.Length)
            {
                ReadOnlySpan<byte> found = body[common..Math.Min(body.Length, common + 60)];
                throw new InvalidDataException($"Frame {whole + 1} is wrong from its byte {common}: \"{Encoding.UTF8.GetString(found)}\"");
            }

            if (common < expected.Length)
            {
                break;
            }

            whole += isKeepAlive ? 0 : 1;
            body = body[common..];
        }

        return whole;
    }
}
