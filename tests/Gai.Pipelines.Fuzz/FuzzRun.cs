using System.Diagnostics;
using System.Text;

namespace Gai.Pipelines.Fuzz;

/// <summary>Makes so many frames, on all cores, and stops at the first difference.</summary>
/// <param name="seed">Where chance begins.</param>
/// <param name="frames">How many.</param>
internal sealed class FuzzRun(ulong seed, long frames)
{
    private const int PartsPerStream = 250;
    private const long ProgressEvery = 1_000_000;

    private static readonly Lane[] Weighted = [.. Lane.All.SelectMany(lane => Enumerable.Repeat(lane, lane.Weight))];

    private readonly Dictionary<Lane, int> _indexes = Lane.All.Select((lane, index) => (lane, index)).ToDictionary(one => one.lane, one => one.index);
    private readonly long[] _perLane = new long[Lane.All.Count];
    private readonly Stopwatch _time = Stopwatch.StartNew();
    private long _nextStream;
    private long _bytes;
    private long _written;
    private string? _report;

    /// <summary>Makes sure that a forged frame is seen: a text that nobody has split into lines.</summary>
    public static async Task<bool> SeesForgeriesAsync()
    {
        using NodeReader node = await NodeReader.StartAsync();
        var lane = new Lane("forgery", Reading.EventsOfText, 1, _ => new Forgery());
        return new Batch(node).Run(lane, new Choices([]), [new Choices([])]) is { } difference && difference.What.Contains("evil", StringComparison.Ordinal);
    }

    /// <summary>Makes the frames.</summary>
    /// <returns>Whether all were read as they were written.</returns>
    public async Task<bool> RunAsync()
    {
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(WorkAsync)));
        foreach ((Lane lane, int index) in _indexes)
        {
            Console.WriteLine($"  {_perLane[index],12:N0}  {lane.Name}");
        }

        Console.WriteLine($"{_written:N0} frames, {_bytes / 1e6:N0} MB, {_time.Elapsed.TotalSeconds:N0} s, seed {seed}");
        if (_report is not null)
        {
            Console.WriteLine(_report);
        }

        return _report is null;
    }

    /// <summary>Runs one stream again, and shows what it is about.</summary>
    public async Task<bool> RepeatAsync(long number)
    {
        using NodeReader node = await NodeReader.StartAsync();
        _report = Examine(new Batch(node), number);
        Console.WriteLine(_report ?? $"Stream {number} of seed {seed} shows no difference.");
        return _report is null;
    }

    private async Task WorkAsync()
    {
        using NodeReader node = await NodeReader.StartAsync();
        var batch = new Batch(node);
        while (Volatile.Read(ref _report) is null && Interlocked.Read(ref _written) < frames)
        {
            long number = Interlocked.Increment(ref _nextStream) - 1;
            ulong own = Choices.Mix(seed, (ulong)number);
            Lane lane = LaneOf(own);
            if (batch.Run(lane, new Choices(own), Parts(own)) is not null)
            {
                string report = Examine(batch, number) ?? $"Stream {number} of seed {seed} showed a difference once, and none when it was run again.";
                Interlocked.CompareExchange(ref _report, report, null);
                return;
            }

            Count(lane, batch);
        }
    }

    private void Count(Lane lane, Batch batch)
    {
        Interlocked.Add(ref _perLane[_indexes[lane]], batch.Frames);
        Interlocked.Add(ref _bytes, batch.Bytes.Length);
        long before = Interlocked.Add(ref _written, batch.Frames) - batch.Frames;
        if (before / ProgressEvery != (before + batch.Frames) / ProgressEvery)
        {
            Console.WriteLine($"  {(before + batch.Frames) / ProgressEvery} million frames, {_time.Elapsed.TotalSeconds:N0} s");
        }
    }

    private static Lane LaneOf(ulong own) => Weighted[new Choices(Choices.Mix(own, ulong.MaxValue)).Below(Weighted.Length)];

    private static IEnumerable<Choices> Parts(ulong own) =>
        Enumerable.Range(0, PartsPerStream).Select(part => new Choices(Choices.Mix(own, (ulong)part)));

    private string? Examine(Batch batch, long number)
    {
        ulong own = Choices.Mix(seed, (ulong)number);
        Lane lane = LaneOf(own);
        List<List<int>> record = [[]];
        batch.Run(lane, new Choices(own, record[0]), Enumerable.Range(0, PartsPerStream).Select(part =>
        {
            record.Add([]);
            return new Choices(Choices.Mix(own, (ulong)part), record[^1]);
        }));
        var shrinker = new Shrinker(batch, lane);
        shrinker.Run([.. record.Select(list => list.ToArray())]);
        if (shrinker.Smallest is not { } smallest)
        {
            return null;
        }

        return $"""
            DIFFERENCE in {lane.Name}: {smallest.What}
            The smallest stream that shows it, {batch.Bytes.Length:N0} bytes: {HostileText.Quote(Encoding.UTF8.GetString(batch.Bytes))}
            Again: ./test.sh --fuzz --seed {seed} --stream {number}
            """;
    }

    private sealed class Forgery : FuzzStream
    {
        public override void Write(Choices choices, FrameWriter output, Expected expected)
        {
            output.Write("data: x\r\rdata: evil\n\n"u8);
            expected.BeginEvent(null);
            expected.Data("x\r\rdata: evil");
            expected.End();
        }
    }
}
