using System.Diagnostics;

namespace Gai.Pipelines.Fuzz;

/// <summary>Makes a stream that shows a difference smaller, as long as it shows one.</summary>
internal sealed class Shrinker(Batch batch, Lane lane)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Stopwatch _time = Stopwatch.StartNew();

    /// <summary>The smallest difference that was found.</summary>
    public Difference? Smallest { get; private set; }

    /// <summary>Shrinks a stream.</summary>
    /// <param name="lists">The choices for the stream, and for each thing that is written.</param>
    public void Run(List<int[]> lists)
    {
        Smallest = Try(lists);
        bool smaller = Smallest is not null;
        while (smaller && _time.Elapsed < Patience)
        {
            smaller = false;
            for (int size = (lists.Count - 1) / 2; size > 0; size /= 2)
            {
                for (int at = 1; at + size <= lists.Count; at += size)
                {
                    smaller |= Replace(ref lists, [.. lists[..at], .. lists[(at + size)..]]);
                }
            }

            for (int i = 0; i < lists.Count; i++)
            {
                smaller |= ShrinkList(ref lists, i);
            }
        }

        // What was kept of the batch is of the last try.
        Smallest = Try(lists) ?? Smallest;
    }

    private bool ShrinkList(ref List<int[]> lists, int i)
    {
        bool smaller = false;
        for (int size = Math.Max(1, lists[i].Length / 2); size > 0; size /= 2)
        {
            for (int at = 0; at + size <= lists[i].Length; at += size)
            {
                int[] list = lists[i];
                smaller |= Replace(ref lists, With(lists, i, [.. list[..at], .. list[(at + size)..]]));
            }
        }

        for (int at = 0; at < lists[i].Length; at++)
        {
            foreach (int value in (ReadOnlySpan<int>)[0, lists[i][at] / 2, lists[i][at] - 1])
            {
                if (value >= 0 && at < lists[i].Length && value < lists[i][at])
                {
                    int[] list = [.. lists[i]];
                    list[at] = value;
                    smaller |= Replace(ref lists, With(lists, i, list));
                }
            }
        }

        return smaller;
    }

    private static List<int[]> With(List<int[]> lists, int i, int[] list) => [.. lists[..i], list, .. lists[(i + 1)..]];

    private bool Replace(ref List<int[]> lists, List<int[]> candidate)
    {
        if (_time.Elapsed > Patience || Try(candidate) is not { } difference)
        {
            return false;
        }

        lists = candidate;
        Smallest = difference;
        return true;
    }

    private Difference? Try(List<int[]> lists) =>
        batch.Run(lane, new Choices(lists[0]), lists.Skip(1).Select(list => new Choices(list)));
}
