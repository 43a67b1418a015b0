namespace Gai.Pipelines.Fuzz;

/// <summary>Makes the choices of which a frame consists, by chance or from a list. The choice 0 is always the simplest, so that a shorter list of smaller numbers is a smaller frame.</summary>
internal sealed class Choices
{
    private readonly int[]? _list;
    private readonly List<int>? _record;
    private ulong _state;
    private int _at;

    /// <summary>Chooses by chance, the same for the same seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="record">Gets all choices, if not <see langword="null"/>.</param>
    public Choices(ulong seed, List<int>? record = null)
    {
        _state = seed;
        _record = record;
    }

    /// <summary>Chooses as a list says, and the simplest behind its end.</summary>
    public Choices(int[] list) => _list = list;

    /// <summary>Mixes a number into a seed.</summary>
    public static ulong Mix(ulong seed, ulong number) => Scramble(seed ^ Scramble(number + 0x9E3779B97F4A7C15));

    /// <summary>Gives a number from 0 to below a bound.</summary>
    public int Below(int bound)
    {
        int choice;
        if (_list is not null)
        {
            choice = _at < _list.Length ? _list[_at++] % bound : 0;
        }
        else
        {
            _state += 0x9E3779B97F4A7C15;
            choice = (int)(((Scramble(_state) >> 32) * (ulong)bound) >> 32);
            _record?.Add(choice);
        }

        return choice;
    }

    /// <summary>Gives 64 bits.</summary>
    public long Bits() => ((long)Below(1 << 30) << 60) ^ ((long)Below(1 << 30) << 30) ^ Below(1 << 30);

    /// <summary>Says yes once in so many times.</summary>
    public bool OneIn(int times) => Below(times) == times - 1;

    /// <summary>Gives one of several things, the simplest of which is the first.</summary>
    public T Of<T>(ReadOnlySpan<T> things) => things[Below(things.Length)];

    // SplitMix64.
    private static ulong Scramble(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
