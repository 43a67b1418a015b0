using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>OpenAI's legacy completions over Server-Sent Events. Only text, usage and the finish reason have a place in it.</summary>
internal sealed class OpenAICompletionsDialect(OpenAICall call, TimeProvider clock) : StreamEventDialect
{
    private OpenAIChunks? _chunks;
    private byte[] _textBegin = [];
    private byte[] _textEnd = [];
    private string? _finishReason;
    private TokenUsage? _usage;

    private static ReadOnlySpan<byte> ChoiceBegin => "{\"text\":\""u8;

    public override FailureClose FailureClose => FailureClose.BrokenOverHttp1;

    public override void WriteKeepAlive(FrameWriter output) => SseOpening.WriteKeepAlive(output);

    protected override void WriteFrame(FrameWriter output, in StreamEvent item)
    {
        if (_chunks is null)
        {
            Begin(item.Model);
        }

        if (item.Type == StreamEventType.TextDelta)
        {
            DeltaTemplate.Write(output, _textBegin, item, _textEnd);
        }
        else if (item.Type == StreamEventType.Finish)
        {
            _finishReason = item.FinishReason;
            _usage = item.Usage;
        }
    }

    protected override void WriteGapFrame(FrameWriter output, in StreamEvent gap) => SseOpening.WriteGap(output, gap.Dropped, gap.FirstId);

    protected override void WriteErrorFrame(FrameWriter output, in StreamError error) => OpenAIWords.WriteErrorRecord(output, error);

    protected override void WriteEndFrame(FrameWriter output)
    {
        if (_chunks is null)
        {
            Begin(null);
        }

        WriteFinish(output);
        output.Write("data: [DONE]\n\n"u8);
    }

    private void Begin(string? model)
    {
        _chunks = new OpenAIChunks("text_completion", "cmpl-", model ?? call.Model, clock.GetUtcNow(), call.IncludeUsage);
        _textBegin = _chunks.Before(ChoiceBegin);
        _textEnd = _chunks.After("\",\"index\":0,\"logprobs\":null,\"finish_reason\":null}"u8);
    }

    private void WriteFinish(FrameWriter output)
    {
        _chunks!.Begin(output);
        output.Write(ChoiceBegin);
        output.Write("\",\"index\":0,\"logprobs\":null,\"finish_reason\":\""u8);
        output.Write(OpenAIWords.TextFinishReason(_finishReason));
        output.Write("\"}"u8);
        _chunks.End(output);
        if (call.IncludeUsage && _usage is { } known)
        {
            _chunks.WriteUsage(output, known);
        }
    }
}
