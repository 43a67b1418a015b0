using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gai.Pipelines.Benchmarks.Sinks;

/// <summary>Checks that contenders do the same job before they are timed.</summary>
internal static class Verify
{
    public static void Same(string contender, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        int same = expected.CommonPrefixLength(actual);
        if (same != expected.Length || same != actual.Length)
        {
            throw new InvalidOperationException(
                $"{contender} wrote {actual.Length} bytes where {expected.Length} were expected; they part at byte {same}: " +
                $"\"{Encoding.UTF8.GetString(actual[same..Math.Min(actual.Length, same + 80)])}\" instead of " +
                $"\"{Encoding.UTF8.GetString(expected[same..Math.Min(expected.Length, same + 80)])}\".");
        }
    }

    /// <summary>Compares two JSON values, of which the second may have more behind it.</summary>
    public static void SameJson(string contender, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        JsonNode? wanted = First(expected);
        JsonNode? written = First(actual);
        if (!JsonNode.DeepEquals(wanted, written))
        {
            throw new InvalidOperationException($"{contender} wrote {written?.ToJsonString()} where {wanted?.ToJsonString()} was expected.");
        }

        static JsonNode? First(ReadOnlySpan<byte> json)
        {
            var reader = new Utf8JsonReader(json);
            return JsonNode.Parse(ref reader);
        }
    }

    public static void SameSum(string contender, long expected, long actual)
    {
        if (expected != actual)
        {
            throw new InvalidOperationException($"{contender} read values that add up to {actual} where {expected} was expected.");
        }
    }

    /// <summary>Repeats a frame.</summary>
    public static byte[] Repeat(ReadOnlySpan<byte> frame, int count, ReadOnlySpan<byte> end = default)
    {
        byte[] all = new byte[(frame.Length * count) + end.Length];
        for (int i = 0; i < count; i++)
        {
            frame.CopyTo(all.AsSpan(i * frame.Length));
        }

        end.CopyTo(all.AsSpan(frame.Length * count));
        return all;
    }
}
