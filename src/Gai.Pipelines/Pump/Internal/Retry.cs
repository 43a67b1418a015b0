namespace Gai.Pipelines.Internal;

/// <summary>Says when clients shall come back that were all sent away at the same moment.</summary>
internal static class Retry
{
    private const double LeastSeconds = 1;
    private const double MostSeconds = 5;

    /// <summary>A time by chance, 1 to 5 s.</summary>
    public static TimeSpan Jittered() => TimeSpan.FromSeconds(LeastSeconds + ((MostSeconds - LeastSeconds) * Random.Shared.NextDouble()));
}
