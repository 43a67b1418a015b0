using System.Text.Json.Serialization;

namespace Gai.Pipelines.Chat.Figures;

/// <summary>All figures at one time, by the names of their instruments.</summary>
/// <param name="Seconds">How long they have been taken, in seconds.</param>
/// <param name="Figures">Those of instruments that exist: the library makes them with its first stream.</param>
public sealed record FiguresDocument(double Seconds, IReadOnlyDictionary<string, FigureDocument> Figures);

/// <summary>What an instrument has told: a value, or a distribution.</summary>
/// <param name="Unit">Its unit, as UCUM writes it.</param>
/// <param name="Value">The sum of a counter; what is observed.</param>
/// <param name="Distribution">The values of a histogram.</param>
/// <param name="By">How many measurements, or how much of a counter, had each value of each tag.</param>
public sealed record FigureDocument(
    string? Unit,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Value,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DistributionDocument? Distribution,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, IReadOnlyDictionary<string, double>>? By);

/// <summary>How the values of a histogram are distributed. The quantiles are estimated from its buckets.</summary>
public sealed record DistributionDocument(long Count, double Sum, double Max, double P50, double P99);
