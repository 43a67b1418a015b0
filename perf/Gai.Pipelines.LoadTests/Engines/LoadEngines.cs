using System.CommandLine;

namespace Gai.Pipelines.LoadTests.Engines;

/// <summary>The engines that can open streams.</summary>
internal static class LoadEngines
{
    private const string Own = "own";
#if NBOMBER
    private const string NBomber = "nbomber";
#endif

    /// <summary>Makes an engine.</summary>
    public static ILoadEngine Create(string name) => name switch
    {
        Own => new LoadEngine(),
#if NBOMBER
        NBomber => new NBomberEngine(),
#endif
        _ => throw new ArgumentException($"There is no engine '{name}'; there is {Own}, and nbomber if this program is built with -p:UseNBomber=true."),
    };

    /// <summary>Makes the option that chooses one.</summary>
    public static Option<string> Option() => new("--engine")
    {
        Description = "what opens the streams: own, or nbomber if this program is built with -p:UseNBomber=true",
        DefaultValueFactory = static _ => Own,
    };
}
