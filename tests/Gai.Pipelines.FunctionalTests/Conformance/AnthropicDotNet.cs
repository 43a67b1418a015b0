using System.Text.Json;
using Anthropic;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;

namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>The official Anthropic client for .NET, with its helper that puts the message together.</summary>
internal static class AnthropicDotNet
{
    public static async Task AskAsync(Uri address, Ask ask, Seen seen)
    {
        using var client = new AnthropicClient { BaseUrl = address.ToString().TrimEnd('/'), ApiKey = "none", MaxRetries = 0, ResponseValidation = true };
        List<MessageParam> messages = [new UserMessageParam { Content = ask.Prompt }];
        try
        {
            await AskAsync(client, messages, ask, seen);
            if (ask.AnswerTools)
            {
                messages.Add(new AssistantMessageParam
                {
                    Content = new List<ContentBlockParam>(seen.Calls.Select(call => (ContentBlockParam)new ToolUseBlockParam
                    {
                        ID = call.Id!,
                        Name = call.Name,
                        Input = call.Input.EnumerateObject().ToDictionary(property => property.Name, property => property.Value),
                    })),
                });
                messages.Add(new UserMessageParam
                {
                    Content = new List<ContentBlockParam>(seen.Calls.Select(call => (ContentBlockParam)new ToolResultBlockParam(call.Id!) { Content = WeatherTool.Report(call.Input) })),
                });
                await AskAsync(client, messages, ask, seen);
            }
        }
        catch (AnthropicApiException exception)
        {
            seen.Error = new SeenError(exception.GetType().Name, (int)exception.StatusCode, exception.ErrorCode, exception.Type?.Raw(), exception.Message, null);
        }
    }

    private static async Task<Message?> AskAsync(AnthropicClient client, List<MessageParam> messages, Ask ask, Seen seen)
    {
        var parameters = new MessageCreateParams
        {
            Model = "alice-trigram",
            MaxTokens = ask.MaxTokens ?? (ask.Bad ? -1 : 1000),
            Messages = messages,
            Tools = ask.Tools ? [new Tool { Name = WeatherTool.Name, Description = WeatherTool.Description, InputSchema = Schema }] : null,
        };
        if (ask.Way == Ask.Whole)
        {
            return Take(await client.Messages.Create(parameters), seen);
        }

        using var request = new CancellationTokenSource();
        List<RawMessageStreamEvent> events = [];
        await foreach (RawMessageStreamEvent item in client.Messages.CreateStreaming(parameters, request.Token).AtFirstText(ask, seen, request))
        {
            seen.Events++;
            events.Add(item);
            if (item.TryPickContentBlockDelta(out RawContentBlockDeltaEvent? delta) && delta.Delta.TryPickText(out TextDelta? text))
            {
                seen.Text += text.Text;
            }
        }

        return seen.StoppedAt is not null ? null : Take(await events.ToAsyncEnumerable().Aggregate(), seen);
    }

    private static InputSchema Schema => InputSchema.FromRawUnchecked(JsonElement.Parse(WeatherTool.Parameters).EnumerateObject().ToDictionary(property => property.Name, property => property.Value));

    private static Message Take(Message message, Seen seen)
    {
        seen.Text = "";
        foreach (ContentBlock block in message.Content)
        {
            if (block.TryPickText(out TextBlock? text))
            {
                seen.Text += text.Text;
            }
            else if (block.TryPickThinking(out ThinkingBlock? thinking))
            {
                seen.Reasoning += thinking.Thinking;
            }
            else if (block.TryPickToolUse(out ToolUseBlock? call))
            {
                seen.Calls.Add(new SeenCall(call.ID, call.Name, JsonSerializer.SerializeToElement(call.Input)));
            }
        }

        seen.Finish = message.StopReason?.Raw();
        seen.Usage = new SeenUsage(message.Usage.InputTokens, message.Usage.OutputTokens, null);
        return message;
    }
}
