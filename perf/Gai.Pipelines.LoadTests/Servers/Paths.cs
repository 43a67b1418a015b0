using System.Globalization;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>What can be asked of a server.</summary>
internal static class Paths
{
    public const string Burst = "/burst";
    public const string Push = "/push";
    public const string Live = "/live";
    public const string Fanout = "/fanout";
    public const string Idle = "/idle";
    public const string Echo = "/echo";

    /// <summary>Adds how many events there shall be.</summary>
    public static string Counted(string path, long count) => string.Create(CultureInfo.InvariantCulture, $"{path}?count={count}");
}
