using System.Globalization;
using System.Text.Json;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>Answers of any events, which every client has to read as they were meant: with the same text, the same calls, the same ending.</summary>
internal static class AnyAnswers
{
    /// <summary>The outcome of a client with all of them.</summary>
    public const string Outcome = "any-answers";

    private const int Count = 60;

    // Another one finds other things; this one stays, so that what is red is red again.
    private const ulong Seed = 20_261_122;

    public static IReadOnlyList<AnyAnswer> All { get; } = AnyAnswer.Sample(Seed, Count);

    /// <summary>Whether a client reads a vendor's dialect from the server that gives these events.</summary>
    public static bool AreFor(ConformanceClient client) =>
        client.Model == ModelStands.InTheServer && client.Endpoint is not ("/chat" or "/v1/events");

    public static IEnumerable<Ask> AsksOf(ConformanceClient client) => AreFor(client)
        ? All.Select((_, number) => new Ask(CaseOf(number), $"/any {Text(number)}", Tools: client.Tools == ToolsRunOn.Client && !CannotCall(client)))
        : [];

    /// <summary>Compares what a client saw with what the model said.</summary>
    /// <returns>The first difference, or <see langword="null"/>.</returns>
    public static string? Compare(ConformanceClient client, IReadOnlyList<Seen> seen)
    {
        for (int number = 0; number < All.Count; number++)
        {
            AnyAnswer answer = All[number];
            if (Difference(client, answer, seen.FirstOrDefault(one => one.Case == CaseOf(number))) is { } difference)
            {
                return $"Answer {Text(number)}: {difference}\nThe model said: {answer}\nThe client saw: {seen.FirstOrDefault(one => one.Case == CaseOf(number))}";
            }
        }

        return null;
    }

    private static string? Difference(ConformanceClient client, AnyAnswer answer, Seen? seen) =>
        seen is null ? "the client said nothing"
        : seen.Text != answer.Text ? "another text"
        : answer.Error is not null ? (seen.Error is null ? "no error" : null)
        : seen.Error is not null ? "an error"
        : !client.CannotDo.ContainsKey("reasoning") && seen.Reasoning != answer.Reasoning ? "another reasoning"
        : !CannotCall(client) && !InOrder(client, CallsOf(answer)).SequenceEqual(InOrder(client, CallsOf(seen))) ? "other calls"
        : FinishOf(client, answer) is { } finish && finish != seen.Finish ? $"another ending than {finish}"
        : null;

    private static bool CannotCall(ConformanceClient client) => client.CannotDo.ContainsKey("tool-call");

    /// <summary>In these dialects a call is told when it is complete, and not when it begins.</summary>
    private static IEnumerable<string> InOrder(ConformanceClient client, IEnumerable<string> calls) =>
        client.Endpoint is "/v1/responses" or "/ollama/api/chat" ? calls.Order(StringComparer.Ordinal) : calls;

    private static IEnumerable<string> CallsOf(AnyAnswer answer) => answer.Calls.Select(static call => $"{call.Name} {Compact(JsonElement.Parse(call.Input))}");

    /// <summary>The calls that are the client's to run.</summary>
    private static IEnumerable<string> CallsOf(Seen seen) =>
        seen.Calls.Where(static call => call.Name != AnyAnswer.OwnTool).Select(static call => $"{call.Name} {Compact(call.Input)}");

    private static string Compact(JsonElement json) => JsonSerializer.Serialize(json, AnyJson.Default.JsonElement);

    /// <summary>The client's word for the ending; <see langword="null"/> where the words of clients differ too much to be worth a table.</summary>
    private static string? FinishOf(ConformanceClient client, AnyAnswer answer) => (answer.FinishReason, answer.Calls.Count > 0 && !CannotCall(client)) switch
    {
        (null or FinishReasons.Stop, true) => client.Tools == ToolsRunOn.Client ? client.Finish.ToolCalls : null,
        (null or FinishReasons.Stop, false) => client.Finish.Stop,
        (FinishReasons.Length, _) => client.Finish.Length,
        _ => null,
    };

    private static string CaseOf(int number) => $"any-{Text(number)}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

[System.Text.Json.Serialization.JsonSerializable(typeof(JsonElement))]
internal sealed partial class AnyJson : System.Text.Json.Serialization.JsonSerializerContext;
