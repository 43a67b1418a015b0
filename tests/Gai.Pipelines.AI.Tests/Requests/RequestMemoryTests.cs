using System.Text.Json;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.AI.Tests.Requests;

/// <summary>What it costs to refuse a body: nothing may be spread before it is looked at.</summary>
[Collection(nameof(ExactAllocations))]
public sealed class RequestMemoryTests
{
    private const int Items = 1_000_000;
    private const long Most = 10_000_000;

    private static readonly string Many = $"[1{string.Concat(Enumerable.Repeat(",1", Items - 1))}]";

    [Fact]
    public void ReadCompletion_AMillionTokensAsPrompt_IsRefusedAtOnce() =>
        CheckRefused(OpenAICompletionsApi.Instance, $$"""{"model":"m","prompt":{{Many}}}""", "prompt");

    [Fact]
    public void ReadAISdk_AMillionMessagesThatAreNone_IsRefusedAtOnce() => CheckRefused(AISdkChatApi.Instance, $$"""{"messages":{{Many}}}""", "messages[0]");

    [Theory]
    [InlineData("content")]
    [InlineData("summary")]
    public void ReadResponses_AMillionPartsOfReasoningThatAreNone_IsRefusedAtOnce(string field) =>
        CheckRefused(OpenAIResponsesApi.Instance, $$"""{"model":"m","input":[{"type":"reasoning","{{field}}":{{Many}}}]}""", $"input[0].{field}[0]");

    [Fact]
    public void AsArguments_ManyFields_AreOneDocument()
    {
        using JsonDocument document = JsonDocument.Parse($"{{{string.Join(',', Enumerable.Range(0, 100).Select(static number => $"\"a{number}\":\"x\""))}}}");
        var input = new RequestValue(document.RootElement, "input");

        // The dictionary and, for each field, its name and the box of its value. A document of its own would be some 200 bytes more for each.
        Assert.InRange(AllocatedBytes.Of(() => input.AsArguments()), 1, 25_000);
    }

    private static void CheckRefused<TCall>(ChatApi<TCall> api, string body, string parameter)
        where TCall : ChatCall
    {
        using JsonDocument document = RequestJson.Parse(body, "The request body");
        var request = new RequestValue(document.RootElement, string.Empty);

        long before = GC.GetAllocatedBytesForCurrentThread();
        var refused = Assert.Throws<StreamErrorException>(() => api.Read(request));
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(parameter, refused.Error.Parameter);
        Assert.InRange(allocated, 1, Most);
    }
}
