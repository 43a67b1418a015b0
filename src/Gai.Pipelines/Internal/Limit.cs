using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>Checks the limits of options where they are set.</summary>
internal static class Limit
{
    public static int AtLeast(int least, int value, [CallerMemberName] string? name = null) => value >= least
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {least}.");
}
