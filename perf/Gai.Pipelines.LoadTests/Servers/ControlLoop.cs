using System.Text.Json;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>Takes the orders of the process that has started the server, a line each, and answers each with a line. When there are no more, the server ends.</summary>
internal sealed class ControlLoop(ITicker ticker, ServerState state)
{
    public const string Usage = "usage";
    public const string Collect = "collect";
    public const string Streams = "streams";
    public const string Tick = "tick";
    public const string Ticks = "ticks";
    public const string Complete = "complete";

    /// <summary>Returns when the other process has closed its end, or has ended.</summary>
    public void Run(TextReader orders, TextWriter answers)
    {
        while (orders.ReadLine() is { } order)
        {
            answers.WriteLine(Answer(order));
            answers.Flush();
        }
    }

    private string Answer(string order)
    {
        int space = order.IndexOf(' ', StringComparison.Ordinal);
        switch (space < 0 ? order : order[..space])
        {
            case Usage:
                return JsonSerializer.Serialize(ServerUsage.Now(), LoadJson.Default.ServerUsage);
            case Collect:
                return JsonSerializer.Serialize(ServerUsage.AfterCollection(), LoadJson.Default.ServerUsage);
            case Streams:
                return JsonSerializer.Serialize(new ServerStreams(state.OpenStreams, ticker.Targets), LoadJson.Default.ServerStreams);
            case Tick:
                ticker.Start(JsonSerializer.Deserialize(order[space..], LoadJson.Default.TickPlan)!);
                return "null";
            case Ticks:
                return JsonSerializer.Serialize(ticker.State, LoadJson.Default.TickState);
            case Complete:
                ticker.Complete();
                return "null";
            default:
                throw new InvalidOperationException($"'{order}' is no order.");
        }
    }
}

/// <summary>The streams of a server.</summary>
/// <param name="Open">How many handlers run.</param>
/// <param name="Joined">How many wait for the engine.</param>
internal sealed record ServerStreams(long Open, int Joined);
