using System.Text.Json.Serialization;

namespace Gai.Pipelines.FaultHost;

/// <summary>What a server says of itself.</summary>
/// <param name="Open">Open streams.</param>
/// <param name="Entries">Entries in the scheduler.</param>
/// <param name="Detached">Sources that ignored their cancellation.</param>
/// <param name="Started">Sources that began.</param>
/// <param name="Disposed">Sources that were disposed of.</param>
/// <param name="Given">Events that they gave.</param>
/// <param name="RegistrationsLeft">What was left registered with the tokens of requests that are over.</param>
/// <param name="Outcomes">How streams ended, and how many so.</param>
/// <param name="Problems">What was logged as a warning or an error.</param>
internal sealed record ServerState(
    int Open,
    int Entries,
    int Detached,
    int Started,
    int Disposed,
    long Given,
    int RegistrationsLeft,
    SortedDictionary<string, int> Outcomes,
    string[] Problems)
{
    /// <summary>Whether nothing is left of any stream.</summary>
    [JsonIgnore]
    public bool IsIdle => (Open, Entries, Detached, RegistrationsLeft) == (0, 0, 0, 0) && Started == Disposed;
}

/// <summary>How the streams of many clients ended.</summary>
/// <param name="Ended">All that ended.</param>
/// <param name="Clean">Those that ended as HTTP prescribes.</param>
/// <param name="Farewells">Those that were told that the server drains.</param>
/// <param name="Returns">How many different times to come back they were given.</param>
internal sealed record ClientsTally(int Ended, int Clean, int Farewells, int Returns);

[JsonSerializable(typeof(ServerState))]
[JsonSerializable(typeof(ClientsTally))]
internal sealed partial class HostJson : JsonSerializerContext;
