using System.Text.Json;

namespace Gai.Pipelines.AI.Tests;

/// <summary>Compares the calls that an answer has with those that a client gets from a dialect which tells them whole.</summary>
internal static class WholeCalls
{
    /// <summary>Makes sure that all of them came, in any order: of two by turns the one that closes first may come first.</summary>
    /// <remarks>A call without any input is known to be whole when its step ends. If an error comes before, it is not told.</remarks>
    public static void AssertEqual(AnyAnswer answer, IEnumerable<(string Id, string Name, string Input)> got)
    {
        (string Id, string Name, string Input)[] came = [.. got.Select(static call => call with { Input = Normal(call.Input) })];
        IEnumerable<(string Id, string Name, string Input)> expected = answer.Calls
            .Select(static call => call with { Input = Normal(call.Input) })
            .Where(call => answer.Error is null || call.Input != "{}" || came.Contains(call));
        Assert.Equal(expected.Order(), came.Order());
    }

    public static string Normal(string json) => JsonSerializer.Serialize(JsonDocument.Parse(json).RootElement);
}
