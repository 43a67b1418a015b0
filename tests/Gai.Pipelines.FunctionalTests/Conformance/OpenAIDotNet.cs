#pragma warning disable OPENAI001 // The client calls its part for responses experimental; it is what people have.

using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Responses;

namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>The official OpenAI client for .NET.</summary>
internal static class OpenAIDotNet
{
    private const string Model = "alice-trigram";

    public static Task AskChatAsync(Uri address, Ask ask, Seen seen) => TalkAsync(seen, async () =>
    {
        var client = new ChatClient(Model, new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(address, "v1"), RetryPolicy = new ClientRetryPolicy(0) });
        List<ChatMessage> messages = [new UserChatMessage(ask.Prompt)];
        await AskChatAsync(client, messages, ask, seen);
        if (ask.AnswerTools)
        {
            messages.Add(new AssistantChatMessage(seen.Calls.Select(call => ChatToolCall.CreateFunctionToolCall(call.Id, call.Name, BinaryData.FromString(call.Input.GetRawText())))));
            messages.AddRange(seen.Calls.Select(call => new ToolChatMessage(call.Id, WeatherTool.Report(call.Input))));
            await AskChatAsync(client, messages, ask, seen);
        }
    });

    public static Task AskResponsesAsync(Uri address, Ask ask, Seen seen) => TalkAsync(seen, async () =>
    {
        var client = new ResponsesClient(new ApiKeyCredential("none"), new ResponsesClientOptions { Endpoint = new Uri(address, "v1"), RetryPolicy = new ClientRetryPolicy(0) });
        List<ResponseItem> input = [ResponseItem.CreateUserMessageItem(ask.Prompt)];
        input.AddRange(await AskResponsesAsync(client, input, ask, seen));
        if (ask.AnswerTools)
        {
            input.AddRange(seen.Calls.Select(call => ResponseItem.CreateFunctionCallOutputItem(call.Id, WeatherTool.Report(call.Input))));
            await AskResponsesAsync(client, input, ask, seen);
        }
    });

    private static async Task AskChatAsync(ChatClient client, List<ChatMessage> messages, Ask ask, Seen seen)
    {
        var options = new ChatCompletionOptions { MaxOutputTokenCount = ask.MaxTokens, TopP = ask.Bad ? 7 : null };
        if (ask.Tools)
        {
            options.Tools.Add(ChatTool.CreateFunctionTool(WeatherTool.Name, WeatherTool.Description, WeatherTool.Parameters));
        }

        if (ask.Way == Ask.Whole)
        {
            ChatCompletion answer = await client.CompleteChatAsync(messages, options);
            seen.Text = string.Concat(answer.Content.Select(part => part.Text));
            seen.Finish = answer.FinishReason.ToString();
            seen.Usage = UsageOf(answer.Usage);
            return;
        }

        seen.Text = "";
        var calls = new SortedDictionary<int, (string? Id, string Name, StringBuilder Arguments)>();
        using var request = new CancellationTokenSource();
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(messages, options, request.Token).AtFirstText(ask, seen, request))
        {
            seen.Events++;
            seen.Text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            seen.Finish = update.FinishReason?.ToString() ?? seen.Finish;
            seen.Usage = update.Usage is { } usage ? UsageOf(usage) : seen.Usage;
            foreach (StreamingChatToolCallUpdate piece in update.ToolCallUpdates)
            {
                if (!calls.TryGetValue(piece.Index, out (string? Id, string Name, StringBuilder Arguments) call))
                {
                    calls[piece.Index] = call = (piece.ToolCallId, piece.FunctionName, new StringBuilder());
                }

                call.Arguments.Append(piece.FunctionArgumentsUpdate);
            }
        }

        seen.Calls.AddRange(calls.Values.Select(call => new SeenCall(call.Id, call.Name, JsonElement.Parse(call.Arguments.ToString()))));
    }

    private static async Task<IReadOnlyList<ResponseItem>> AskResponsesAsync(ResponsesClient client, List<ResponseItem> input, Ask ask, Seen seen)
    {
        var options = new CreateResponseOptions(Model, input) { MaxOutputTokenCount = ask.MaxTokens, TopP = ask.Bad ? 7 : null };
        if (ask.Tools)
        {
            options.Tools.Add(ResponseTool.CreateFunctionTool(WeatherTool.Name, WeatherTool.Parameters, strictModeEnabled: true, WeatherTool.Description));
        }

        if (ask.Way == Ask.Whole)
        {
            ResponseResult answer = await client.CreateResponseAsync(options);
            seen.Text = answer.GetOutputText();
            End(answer, seen);
            return [.. answer.OutputItems];
        }

        options.StreamingEnabled = true;
        seen.Text = "";
        List<ResponseItem> items = [];
        using var request = new CancellationTokenSource();
        await foreach (StreamingResponseUpdate update in (await client.CreateResponseStreamingAsync(options, request.Token)).AtFirstText(ask, seen, request))
        {
            seen.Events++;
            switch (update)
            {
                case StreamingResponseOutputTextDeltaUpdate text:
                    seen.Text += text.Delta;
                    break;
                case StreamingResponseOutputItemDoneUpdate { Item: FunctionCallResponseItem call }:
                    items.Add(call);
                    seen.Calls.Add(new SeenCall(call.CallId, call.FunctionName, JsonElement.Parse(call.FunctionArguments)));
                    break;
                case StreamingResponseOutputItemDoneUpdate { Item: ReasoningResponseItem reasoning }:
                    seen.Reasoning += reasoning.GetSummaryText();
                    break;
                case StreamingResponseCompletedUpdate completed:
                    End(completed.Response, seen);
                    break;
                case StreamingResponseIncompleteUpdate incomplete:
                    End(incomplete.Response, seen);
                    break;
                case StreamingResponseErrorUpdate error:
                    // It does not throw.
                    seen.Error = new SeenError(nameof(StreamingResponseErrorUpdate), null, error.Code, null, error.Message, null);
                    break;
            }
        }

        return items;
    }

    private static void End(ResponseResult response, Seen seen)
    {
        seen.Finish = response.IncompleteStatusDetails?.Reason?.ToString() ?? response.Status?.ToString();
        seen.Usage = new SeenUsage(response.Usage.InputTokenCount, response.Usage.OutputTokenCount, response.Usage.TotalTokenCount);
    }

    private static SeenUsage UsageOf(ChatTokenUsage usage) => new(usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount);

    private static async Task TalkAsync(Seen seen, Func<Task> talk)
    {
        try
        {
            await talk();
        }
        catch (ClientResultException exception)
        {
            string? retryAfter = null;
            exception.GetRawResponse()?.Headers.TryGetValue("Retry-After", out retryAfter);
            seen.Error = new SeenError(nameof(ClientResultException), exception.Status, null, null, exception.Message, retryAfter);
        }
    }
}
