using System.Globalization;
using Gai.Pipelines.Chat.Model;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>One thing that every client has to be able to do with our server.</summary>
/// <param name="Name">Its name in test runs.</param>
/// <param name="Column">Its name in the table of docs/dialects.md.</param>
/// <param name="Meaning">What a tick in that column says.</param>
/// <param name="AskOf">What the client is told to do.</param>
/// <param name="CheckAsync">Looks at what it saw.</param>
internal sealed record ConformanceCase(
    string Name, string Column, string Meaning, Func<ConformanceClient, Ask> AskOf, Func<Examination, Task> CheckAsync)
{
    // All that is easily lost on the way: quotes, breaks of lines and of what some take for lines, marks of HTML, letters of one to four bytes.
    private const string AnyText = "Čao! 🌍👩‍👩‍👧 \"quotes\" \\ back\ttab\nnext\r\nline\u2028separator\u0085end <b>&amp;</b> {} [DONE] data: x";

    public static IReadOnlyList<ConformanceCase> All { get; } =
    [
        new("text", "text", "the text of a stream, to the letter",
            static client => new Ask("text", "/echo " + AnyText),
            static exam =>
            {
                exam.EndsWell();
                Assert.Equal(AnyText, exam.Seen.Text);
                Assert.Equal(exam.Client.Finish.Stop, exam.Seen.Finish);
                Assert.True(exam.Seen.Events > 1, "the answer comes in pieces");
                return Task.CompletedTask;
            }),
        new("whole", "whole", "the text of an answer that is not streamed, its usage and why it ended",
            static client => new Ask("whole", "/echo " + AnyText, Ask.Whole),
            static exam =>
            {
                exam.EndsWell();
                Assert.Equal(AnyText, exam.Seen.Text);
                Assert.Equal(exam.Client.Finish.Stop, exam.Seen.Finish);
                exam.KnowsUsage();
                return Task.CompletedTask;
            }),
        new("usage", "usage", "the tokens that a stream has cost, and why it ended",
            static client => new Ask("usage", "hello"),
            static exam =>
            {
                exam.EndsWell();
                Assert.Equal(exam.Answer.Text, exam.Seen.Text);
                Assert.Equal(exam.Client.Finish.Stop, exam.Seen.Finish);
                exam.KnowsUsage();
                return Task.CompletedTask;
            }),
        new("length", "length", "an answer that was cut off says so",
            static client => client.LimitsTokens
                ? new Ask("length", "/echo one two three four five", MaxTokens: 3)
                : new Ask("length", "/cut"),
            static exam =>
            {
                exam.EndsWell();
                Assert.Equal(exam.Client.LimitsTokens ? "one two three" : "This is cut", exam.Seen.Text);
                Assert.Equal(exam.Client.Finish.Length, exam.Seen.Finish);
                return Task.CompletedTask;
            }),
        new("tool-call", "tool call", "a call of a tool, with its name and its arguments",
            static client => AskForWeather(client, "tool-call", "What is the weather in Zagreb?"),
            static exam =>
            {
                exam.CallsForWeatherIn("Zagreb");
                return Task.CompletedTask;
            }),
        new("parallel-calls", "parallel calls", "two calls in one answer, which stay apart",
            static client => AskForWeather(client, "parallel-calls", "What is the weather in Zagreb and Split?"),
            static exam =>
            {
                exam.CallsForWeatherIn("Zagreb", "Split");
                return Task.CompletedTask;
            }),
        new("tool-result", "tool result", "the result of a tool, sent back, gets to the model under the id of its call",
            static client => AskForWeather(client, "tool-result", "What is the weather in Zagreb?") with
            {
                AnswerTools = !client.SendsToolsBack,
                Then = client.SendsToolsBack ? "/echo Thanks." : null,
            },
            static exam =>
            {
                exam.EndsWell();
                Assert.Equal(exam.Answer.Text, exam.Seen.Text);
                Assert.Equal(exam.Client.Finish.Stop, exam.Seen.Finish);
                Assert.Equal(exam.Client.SendsToolsBack ? "Thanks." : "In Zagreb it is 21 °C and sunny.", exam.Seen.Text);
                FunctionCallContent call = Assert.Single(exam.Answer.Conversation.SelectMany(message => message.Contents).OfType<FunctionCallContent>());
                FunctionResultContent result = Assert.Single(exam.Answer.Conversation.SelectMany(message => message.Contents).OfType<FunctionResultContent>());
                Assert.Equal(call.CallId, result.CallId);
                Assert.Equal("get_weather", call.Name);
                Assert.Equal("Zagreb", call.Arguments?["city"]?.ToString());
                return Task.CompletedTask;
            }),
        new("reasoning", "reasoning", "the thoughts of the model, apart from its answer",
            static client => new Ask("reasoning", "/think of Zagreb"),
            static exam =>
            {
                exam.EndsWell();
                Assert.NotEmpty(exam.Seen.Reasoning);
                Assert.Equal(exam.Answer.Reasoning, exam.Seen.Reasoning);
                Assert.Equal(exam.Answer.Text, exam.Seen.Text);
                return Task.CompletedTask;
            }),
        new("keep-alive", "keep-alive", "what the server writes while the model is silent is no part of the answer",
            static client => new Ask("keep-alive", "/hush " + client.KeepAlive),
            static exam =>
            {
                exam.EndsWell();
                Assert.Equal("Patience pays.", exam.Seen.Text);
                return Task.CompletedTask;
            }),
        new("stop", "stop", "when the client leaves, the model is cancelled within a second",
            static client => new Ask("stop", "/hold", Stop: true),
            static async exam =>
            {
                exam.EndsWell();
                Assert.Equal("Wait", exam.Seen.Text);
                DateTimeOffset left = DateTimeOffset.FromUnixTimeMilliseconds(exam.Seen.StoppedAt ?? throw new InvalidOperationException("The client has not left."));
                TimeSpan after = await exam.Answer.Cancelled - left;
                Assert.True(after < TimeSpan.FromSeconds(1), string.Create(CultureInfo.InvariantCulture, $"The model was cancelled {after} after the client had left."));
            }),
        new("bad-request", "bad request", "a request that makes no sense is refused with 400 and the client's own error",
            static client => new Ask("bad-request", "", Bad: true),
            static exam => exam.FailsBeforeAnything(400, exam.Client.Errors.BadRequest)),
        new("400", "400", "a model that refuses the request, before the stream",
            static client => new Ask("400", "/raise " + StreamErrorCodes.ContextLengthExceeded),
            static exam => exam.FailsBeforeAnything(400, exam.Client.Errors.BadRequest)),
        new("401", "401", "a key that the model does not take, before the stream",
            static client => new Ask("401", "/raise " + StreamErrorCodes.Unauthorized),
            static exam => exam.FailsBeforeAnything(401, exam.Client.Errors.Unauthorized)),
        new("429", "429", "a limit of the model, before the stream, with the time to wait",
            static client => new Ask("429", "/raise " + StreamErrorCodes.RateLimited),
            static async exam =>
            {
                await exam.FailsBeforeAnything(429, exam.Client.Errors.RateLimited);
                if (exam.Client.Errors.HasRetryAfter)
                {
                    Assert.Equal("7", exam.Seen.Error!.RetryAfter);
                }
            }),
        new("500", "500", "a model that fails before it has said anything",
            static client => new Ask("500", "/fail"),
            static exam => exam.FailsBeforeAnything(500, exam.Client.Errors.Internal)),
        new("mid-stream", "mid-stream", "a model that fails in the middle of its answer: what it said is there, and an error, and no end",
            static client => new Ask("mid-stream", "/fail-after 20"),
            static exam =>
            {
                Assert.NotNull(exam.Seen.Error);
                Assert.Equal(exam.Client.Errors.InMidStream, exam.Seen.Error.Class);
                Assert.DoesNotContain("asked to fail", exam.Seen.Error.Message, StringComparison.Ordinal);
                Assert.NotEmpty(exam.Seen.Text);
                Assert.Equal(exam.Answer.Text, exam.Seen.Text);
                Assert.Null(exam.Seen.Finish);
                return Task.CompletedTask;
            }),
    ];

    private static Ask AskForWeather(ConformanceClient client, string name, string question) =>
        new(name, question, Tools: client.Tools == ToolsRunOn.Client);
}

/// <summary>A case, what the client saw, and what the model said.</summary>
internal sealed record Examination(ConformanceClient Client, Seen Seen, Answer? Asked)
{
    public Answer Answer => Asked ?? throw new InvalidOperationException("The model was not asked.");

    public void EndsWell() => Assert.Null(Seen.Error);

    public void KnowsUsage()
    {
        UsageDetails said = Answer.Usage!;
        Assert.NotNull(Seen.Usage);
        Assert.Equal((said.InputTokenCount, said.OutputTokenCount), (Seen.Usage.Input, Seen.Usage.Output));
        if (Seen.Usage.Total is { } total)
        {
            Assert.Equal(said.TotalTokenCount, total);
        }
    }

    public void CallsForWeatherIn(params string[] cities)
    {
        EndsWell();
        Assert.All(Seen.Calls, call => Assert.Equal("get_weather", call.Name));
        Assert.Equal(cities, Seen.Calls.Select(call => call.Input.GetProperty("city").GetString()));
        Assert.Equal(cities.Length, Seen.Calls.Select(call => call.Id).Distinct(StringComparer.Ordinal).Count());
        if (Client.Tools == ToolsRunOn.Server)
        {
            Assert.Equal(Seen.Calls.Select(call => call.Id), Seen.Results.Select(result => result.Id));
            Assert.Equal(cities, Seen.Results.Select(result => result.Output.GetProperty("city").GetString()));
            Assert.Equal(Answer.Text, Seen.Text);
            Assert.Equal(Client.Finish.Stop, Seen.Finish);
        }
        else
        {
            Assert.Equal(Client.Finish.ToolCalls, Seen.Finish);
        }
    }

    public Task FailsBeforeAnything(int status, string error)
    {
        Assert.NotNull(Seen.Error);
        Assert.Equal(error, Seen.Error.Class);
        if (Client.Errors.HasStatus)
        {
            Assert.Equal(status, Seen.Error.Status);
        }

        Assert.Equal("", Seen.Text);
        Assert.Null(Seen.Finish);
        return Task.CompletedTask;
    }
}
