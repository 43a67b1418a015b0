using System.Text.Json.Serialization;
using Gai.Pipelines.LoadTests.Servers;

namespace Gai.Pipelines.LoadTests.Measuring;

/// <summary>What was measured of one server in one round.</summary>
/// <param name="Seconds">How long it was measured.</param>
/// <param name="Streams">How many streams there were.</param>
/// <param name="Events">How many events came meanwhile.</param>
/// <param name="Bytes">How many bytes of bodies came in the whole run.</param>
/// <param name="Server">What the server has used for it.</param>
/// <param name="Client">What the client has used meanwhile.</param>
/// <param name="Latency">How late events came, in microseconds after they were due.</param>
/// <param name="FirstByte">How long first bytes took, in microseconds after the request was due.</param>
/// <param name="More">Figures of one scenario.</param>
/// <param name="Problems">Why the run is no good.</param>
/// <param name="Doubts">What makes its figures doubtful.</param>
internal sealed record RunFigures(
    double Seconds,
    long Streams,
    long Events,
    long Bytes,
    ServerFigures Server,
    ClientFigures Client,
    HistogramData Latency,
    HistogramData FirstByte,
    IReadOnlyDictionary<string, double> More,
    IReadOnlyList<string> Problems,
    IReadOnlyList<string> Doubts)
{
    /// <summary>Which server.</summary>
    public string Contender { get; init; } = string.Empty;

    /// <summary>In which round, from one.</summary>
    public int Round { get; init; }

    /// <summary>Events a second.</summary>
    [JsonIgnore]
    public double EventsPerSecond => Seconds == 0 ? 0 : Events / Seconds;

    /// <summary>The server's processor time for an event, in microseconds.</summary>
    [JsonIgnore]
    public double CpuPerEvent => Events == 0 ? 0 : (double)(Server.UserMicroseconds + Server.SystemMicroseconds) / Events;

    /// <summary>The milliseconds within which a share of the events came after they were due.</summary>
    public double LatencyAt(double share) => Histogram.Of(Latency).Quantile(share) / 1_000.0;

    /// <summary>The milliseconds within which a share of the first bytes came.</summary>
    public double FirstByteAt(double share) => Histogram.Of(FirstByte).Quantile(share) / 1_000.0;

    /// <summary>Whether everything came, once and in order, and the server logged no error.</summary>
    [JsonIgnore]
    public bool IsGood => Problems.Count == 0;

    /// <summary>A run that has no figures.</summary>
    public static RunFigures Failed(string problem) => new(
        0, 0, 0, 0, new ServerFigures(0, 0, 0, 0, 0, 0, 0), new ClientFigures(0, 0), HistogramData.Empty, HistogramData.Empty,
        new Dictionary<string, double>(StringComparer.Ordinal), [problem], []);
}

/// <summary>What a server has used.</summary>
/// <param name="UserMicroseconds">Processor time outside the system.</param>
/// <param name="SystemMicroseconds">Processor time inside the system.</param>
/// <param name="AllocatedBytes">What was allocated on the managed heap.</param>
/// <param name="HeapBytes">The managed heap at the end.</param>
/// <param name="ResidentBytes">The memory of the process at the end.</param>
/// <param name="CompiledMethods">How many methods were compiled meanwhile.</param>
/// <param name="Collections">How many collections there were.</param>
internal sealed record ServerFigures(
    long UserMicroseconds, long SystemMicroseconds, long AllocatedBytes, long HeapBytes, long ResidentBytes, int CompiledMethods, int Collections)
{
    /// <summary>What lies between two moments.</summary>
    public static ServerFigures Between(ServerUsage begin, ServerUsage end) => new(
        end.UserMicroseconds - begin.UserMicroseconds,
        end.SystemMicroseconds - begin.SystemMicroseconds,
        end.AllocatedBytes - begin.AllocatedBytes,
        end.HeapBytes,
        end.ResidentBytes,
        end.CompiledMethods - begin.CompiledMethods,
        end.Collections - begin.Collections);
}

/// <summary>What the client has used.</summary>
/// <param name="CpuMicroseconds">Processor time of its process.</param>
/// <param name="Share">How busy its threads were, from 0 to 1.</param>
internal sealed record ClientFigures(long CpuMicroseconds, double Share);
