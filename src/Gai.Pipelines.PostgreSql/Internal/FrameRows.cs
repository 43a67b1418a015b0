namespace Gai.Pipelines.PostgreSql.Internal;

/// <summary>The frames of a batch in rows of a bounded size: whoever wants one page of a large batch reads no more than the rows that it is in.</summary>
internal sealed class FrameRows
{
    // A row is full with the frame that brings it here, so it has less than that and one frame.
    private const int FullBytes = 256 * 1024;

    /// <summary>Cuts a batch, without the frames at its beginning that are stored already.</summary>
    public FrameRows(LogBatch batch, int skipped = 0)
    {
        ReadOnlySpan<int> all = batch.Ends.Span;
        int from = skipped == 0 ? 0 : all[skipped - 1];
        Bytes = batch.Bytes[from..];
        Ends = new int[all.Length - skipped];
        int start = 0;
        int end = 0;
        for (int i = 0; i < Ends.Length; i++)
        {
            if (i == 0 || end - start >= FullBytes)
            {
                start = end;
                Firsts.Add(i + 1);
                Starts.Add(start);
                Lasts.Add(i + 1);
            }

            end = all[skipped + i] - from;
            Ends[i] = end - start;
            Lasts[^1] = i + 1;
        }
    }

    /// <summary>Whether they are no more than one row, as most batches are: the server stores that as it comes.</summary>
    public bool IsOne => Firsts.Count <= 1;

    /// <summary>The bytes of all rows, one after the other.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Where each frame ends in its row.</summary>
    public int[] Ends { get; }

    /// <summary>The first frame of each row, counted from 1.</summary>
    public List<int> Firsts { get; } = [];

    /// <summary>The last frame of each row, counted from 1.</summary>
    public List<int> Lasts { get; } = [];

    /// <summary>Where each row begins in <see cref="Bytes"/>.</summary>
    public List<int> Starts { get; } = [];
}
