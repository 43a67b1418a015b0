using System.IO.Pipelines;
using System.Threading.Channels;
using Gai.Pipelines.Tests.Dialects;

namespace Gai.Pipelines.Tests.Readers;

/// <summary>Our own dialects, there and back.</summary>
public sealed class StreamEventReaderTests
{
    public static TheoryData<Wire, string> WiresAndNames =>
        [.. Enum.GetValues<Wire>().SelectMany(wire => SampleEvents.All.Keys.Select(name => (wire, name)))];

    public static TheoryData<Wire> Wires => [.. Enum.GetValues<Wire>()];

    [Theory]
    [MemberData(nameof(WiresAndNames))]
    public async Task ReadAsync_EventOfEachKind_ComesBackWithEveryField(Wire wire, string name)
    {
        StreamEvent item = SampleEvents.All[name].At(SampleEvents.Moment);
        byte[] bytes = StreamEvents.Write(wire, withTimes: true, [item]);
        foreach ((string layout, PieceReader pipe) in PieceReader.Layouts(bytes))
        {
            (List<StreamEvent> read, Exception? failure) = await StreamEvents.ReadAsync(wire, pipe);
            Assert.Null(failure);
            Assert.Equal(StreamEvents.Describe(item, withTime: true), StreamEvents.Describe(Assert.Single(read), withTime: true));
        }
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public async Task ReadAsync_Failure_EndsTheStreamWithAnErrorEvent(Wire wire)
    {
        var error = new StreamError("rate_limited", "Slow down \u20AC", Temporary: true, TimeSpan.FromMilliseconds(1500));
        byte[] bytes = StreamEvents.Write(wire, withTimes: false, [StreamEvent.TextDelta("a"), StreamEvent.Failure(error)]);
        (List<StreamEvent> read, Exception? failure) = await StreamEvents.ReadAsync(wire, PieceReader.Of(bytes));
        Assert.Null(failure);
        Assert.Equal(error, read[1].Error);
        Assert.Equal(StreamEventType.Error, read[1].Type);
        Assert.Equal(2, read.Count);
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public async Task ReadAsync_AsMuchAsAServerWrites_ComesBack(Wire wire)
    {
        int room = FrameWriter.DefaultMaxFrameBytes - 4096;
        var result = StreamEvent.ToolResult("c", "f", $"\"{new string('a', room)}\"");

        (List<StreamEvent> read, Exception? failure) = await StreamEvents.ReadAsync(wire, PieceReader.Of(StreamEvents.Write(wire, withTimes: true, [result])));

        Assert.Null(failure);
        Assert.Equal(room + 2, Assert.Single(read).Text.ToString().Length);
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public async Task ReadAsync_AnythingCutOff_IsTruncated(Wire wire)
    {
        byte[] bytes = StreamEvents.Write(wire, withTimes: false, [StreamEvent.Start("r"), StreamEvent.TextDelta("\u00E9\u20AC\U0001F600")]);
        byte[] end = wire is Wire.GaiSse or Wire.GaiEventsSse ? "\n"u8.ToArray() : "}\n"u8.ToArray();
        for (int length = 0; length <= bytes.Length - end.Length; length++)
        {
            (List<StreamEvent> read, Exception? failure) = await StreamEvents.ReadAsync(wire, PieceReader.Of(bytes[..length]));
            var error = Assert.IsType<TruncatedStreamException>(failure);
            Assert.Equal(read.Count + 1, error.Number);
            Assert.InRange(error.ByteOffset, 0, length);
        }
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public async Task ReadAsync_WhatComesBehindTheEndMarker_IsLeftInThePipe(Wire wire)
    {
        byte[] one = StreamEvents.Write(wire, withTimes: false, [StreamEvent.TextDelta("a")]);
        PieceReader pipe = PieceReader.Of([.. one, .. one]);
        Assert.Single((await StreamEvents.ReadAsync(wire, pipe)).Items);
        Assert.Equal(one, pipe.ReadRest());
    }

    [Theory]
    [InlineData("{\"type\":\"citations\"}")]
    [InlineData("{\"type\":\"audio_delta\"}")]
    [InlineData("{\"type\":\"audio_delta\",\"audio\":{}}")]
    [InlineData("{\"type\":\"audio_delta\",\"audio\":{\"chunk\":\"#\"}}")]
    [InlineData("{\"type\":\"safety\"}")]
    [InlineData("{\"type\":\"gap\"}")]
    [InlineData("{\"type\":\"gap\",\"dropped\":0}")]
    [InlineData("{\"type\":\"gap\",\"dropped\":\"1\"}")]
    [InlineData("{\"type\":\"finish_step\"}")]
    [InlineData("{\"type\":\"tool_call\"}")]
    [InlineData("{\"type\":\"tool_call\",\"tool_call\":{\"id\":\"1\",\"name\":\"n\"}}")]
    [InlineData("{\"type\":\"tool_result\",\"tool_result\":5}")]
    [InlineData("{\"type\":\"raw\"}")]
    [InlineData("{\"type\":\"text_delta\",\"text\":5}")]
    [InlineData("{\"type\":\"text_delta\",\"text\":\"\\ud800\"}")]
    [InlineData("{\"type\":\"step.end\",\"step\":99999999999}")]
    [InlineData("{\"type\":\"text_delta\",\"timestamp\":99999999999999999}")]
    [InlineData("nope")]
    public async Task ReadAsync_BadRecord_SaysWhichAndWhere(string record)
    {
        (List<StreamEvent> read, Exception? failure) = await StreamEvents.ReadAsync(Wire.GaiNdjson, Collected.Pipe($"{{\"type\":\"start\"}}\n{record}\n"));
        Assert.Single(read);
        var error = Assert.IsType<StreamReadException>(failure);
        Assert.Equal((StreamReadError.InvalidJson, 2L, 17L), (error.Error, error.Number, error.ByteOffset));
        Assert.StartsWith("event 2 (byte 17): it is not a record of gai or gai.events.v1: ", error.Message, StringComparison.Ordinal);

        (_, failure) = await StreamEvents.ReadAsync(Wire.GaiSse, Collected.Pipe($"data: {{\"type\":\"start\"}}\r\n\r\ndata: {record}\r\n\r\n"));
        error = Assert.IsType<StreamReadException>(failure);
        Assert.Equal((StreamReadError.InvalidJson, 2L, 26L), (error.Error, error.Number, error.ByteOffset));
    }

    [Theory]
    [InlineData("{\"type\":\"later_invention\",\"x\":1}")]
    [InlineData("{\"type\":\"later_invention\",\"timestamp\":\"now\"}")]
    [InlineData("{\"type\":5,\"error\":7}")]
    [InlineData("{\"x\":1}")]
    [InlineData("[1,2]")]
    [InlineData("null")]
    public async Task ReadAsync_UnknownRecord_ComesBackRaw(string record)
    {
        (List<StreamEvent> read, _) = await StreamEvents.ReadAsync(Wire.GaiNdjson, Collected.Pipe(record + "\n"));
        Assert.Equal((StreamEventType.Raw, record), (Assert.Single(read).Type, read[0].Text.ToString()));
    }

    [Theory]
    [InlineData(NdjsonKeepAlive.BlankLine, Wire.GaiNdjson)]
    [InlineData(NdjsonKeepAlive.Record, Wire.GaiNdjson)]
    [InlineData(NdjsonKeepAlive.BlankLine, Wire.GaiEventsNdjson)]
    [InlineData(NdjsonKeepAlive.Record, Wire.GaiEventsNdjson)]
    public async Task ReadAsync_KeepAlives_SayNothing(NdjsonKeepAlive keepAlive, Wire wire)
    {
        byte[] bytes = Encoded.Bytes(output =>
        {
            Dialect<StreamEvent> dialect = SampleEvents.Begin(wire, new DialectSettings { NdjsonKeepAlive = keepAlive, TimeProvider = new StoppedClock(SampleEvents.Moment) });
            dialect.WriteKeepAlive(output);
            dialect.WriteEvent(output, StreamEvent.TextDelta("a"));
            dialect.WriteKeepAlive(output);
            dialect.WriteEnd(output);
        });

        (List<StreamEvent> read, Exception? failure) = await StreamEvents.ReadAsync(wire, PieceReader.Of(bytes));

        Assert.Null(failure);
        Assert.Equal("a", Assert.Single(read).Text.ToString());
    }

    [Theory]
    [InlineData("1e300")]
    [InlineData("1e400")]
    [InlineData("-5")]
    public async Task ReadAsync_RetryBeyondAllBounds_IsCut(string milliseconds)
    {
        (List<StreamEvent> read, Exception? failure) = await StreamEvents.ReadAsync(
            Wire.GaiNdjson, Collected.Pipe($"{{\"type\":\"error\",\"error\":\"x\",\"retry_after_ms\":{milliseconds}}}\n"));
        Assert.Null(failure);
        Assert.True(Assert.Single(read).Error.RetryAfter >= TimeSpan.Zero);
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public async Task ReadAsync_RawJsonAsDeepAsADialectTakes_ComesBack(Wire wire)
    {
        string deep = new string('[', 256) + new string(']', 256);
        StreamEvent call = StreamEvent.ToolCall("1", "n", deep);
        (List<StreamEvent> read, Exception? failure) = await StreamEvents.ReadAsync(wire, PieceReader.Of(StreamEvents.Write(wire, false, [call])));
        Assert.Null(failure);
        Assert.Equal(deep, read[0].Text.ToString());
    }

    [Fact]
    public async Task ReadAsync_Stream_StaysOpen()
    {
        using var stream = new MemoryStream(StreamEvents.Write(Wire.GaiNdjson, false, [StreamEvent.TextDelta("a")]));
        Assert.Single((await Collected.AllAsync(StreamEventReader.ReadAsync(stream, StreamFormat.JsonLines, Collected.Stop))).Items);
        Assert.True(stream.CanRead);
    }

    [Fact]
    public void ReadAsync_JsonDocument_IsRefused()
    {
        var failure = Assert.Throws<ArgumentOutOfRangeException>(() => StreamEventReader.ReadAsync(Collected.Pipe(""), StreamFormat.JsonDocument, Collected.Stop));
        Assert.StartsWith("A stream is read as SSE", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_NoArgument_Throws()
    {
        Assert.Throws<ArgumentNullException>("reader", () => StreamEventReader.ReadAsync((PipeReader)null!, StreamFormat.Ndjson));
        Assert.Throws<ArgumentNullException>("stream", () => StreamEventReader.ReadAsync((Stream)null!, StreamFormat.Ndjson));
        IAsyncEnumerable<StreamEvent> events = StreamEventReader.ReadAsync(Collected.Pipe(""), StreamFormat.Ndjson);
        await Assert.ThrowsAsync<ArgumentNullException>("events", () => StreamEventReader.ReadIntoChannelAsync(null!, Channel.CreateUnbounded<StreamEvent>().Writer, Collected.Stop));
        await Assert.ThrowsAsync<ArgumentNullException>("channel", () => events.ReadIntoChannelAsync(null!, Collected.Stop));
    }

    [Fact]
    public async Task ReadAsync_RecordsOfOthersWithoutSomeFields_HaveThemEmpty()
    {
        const string Stream = """
            {"type":"safety","safety":{"score":0.5}}
            {"type":"citations","citations":[{"title":"t"}]}
            {"type":"error","error":{}}

            """;
        (List<StreamEvent> read, Exception? failure) = await StreamEvents.ReadAsync(Wire.GaiNdjson, Collected.Pipe(Stream));
        Assert.Null(failure);
        Assert.Equal(new SafetyVerdict("", "", 0.5), read[0].Safety);
        Assert.Equal(new Citation("", "t"), Assert.Single(read[1].Citations));
        Assert.Equal((StreamErrorCodes.Internal, "", false, (TimeSpan?)null), (read[2].Error.Code, read[2].Error.Message, read[2].Error.Temporary, read[2].Error.RetryAfter));
    }

    [Fact]
    public async Task ReadIntoChannelAsync_FullChannel_WaitsAndReadsNoMore()
    {
        var pipe = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        Channel<StreamEvent> channel = Channel.CreateBounded<StreamEvent>(new BoundedChannelOptions(1) { AllowSynchronousContinuations = true });
        Task reading = StreamEventReader.ReadAsync(pipe.Reader, StreamFormat.Ndjson, Collected.Stop).ReadIntoChannelAsync(channel.Writer, Collected.Stop);
        await pipe.Writer.WriteAsync("{\"type\":\"text_delta\",\"text\":\"1\"}\n{\"type\":\"text_delta\",\"text\":\"2\"}\n"u8.ToArray(), Collected.Stop);

        // The first event fills the channel, the second waits; the pipe is not read until there is room.
        ValueTask<FlushResult> more = pipe.Writer.WriteAsync("{\"type\":\"done\"}\n"u8.ToArray(), Collected.Stop);
        Assert.Equal(1, channel.Reader.Count);
        Assert.False(reading.IsCompleted);
        Assert.Equal("1", (await channel.Reader.ReadAsync(Collected.Stop)).Text.ToString());
        Assert.Equal("2", (await channel.Reader.ReadAsync(Collected.Stop)).Text.ToString());
        await more.AsTask().WaitAsync(Collected.Deadline, Collected.Stop);
        await reading.WaitAsync(Collected.Deadline, Collected.Stop);
        await channel.Reader.Completion.WaitAsync(Collected.Deadline, Collected.Stop);
    }

    [Fact]
    public async Task ReadIntoChannelAsync_TruncatedStream_CompletesTheChannelWithTheError()
    {
        Channel<StreamEvent> channel = Channel.CreateUnbounded<StreamEvent>();
        Task reading = StreamEventReader.ReadAsync(Collected.Pipe("{\"type\":\"start\"}\n"), StreamFormat.Ndjson, Collected.Stop).ReadIntoChannelAsync(channel.Writer, Collected.Stop);
        TruncatedStreamException thrown = await Assert.ThrowsAsync<TruncatedStreamException>(() => reading.WaitAsync(Collected.Deadline, Collected.Stop));
        Assert.Equal(StreamEventType.Start, (await channel.Reader.ReadAsync(Collected.Stop)).Type);
        Assert.Same(thrown, await Assert.ThrowsAsync<TruncatedStreamException>(() => channel.Reader.Completion.WaitAsync(Collected.Deadline, Collected.Stop)));
        Assert.Equal("event 2 (byte 17): the stream ended without it and without an end marker, it is not complete. Ask again, or resume.", thrown.Message);
    }

    [Fact]
    public async Task ReadIntoChannelAsync_Cancelled_CompletesTheChannelWithIt()
    {
        using var cancel = new CancellationTokenSource();
        Channel<StreamEvent> channel = Channel.CreateUnbounded<StreamEvent>();
        Task reading = StreamEventReader.ReadAsync(new Pipe().Reader, StreamFormat.Ndjson, Collected.Stop).ReadIntoChannelAsync(channel.Writer, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(Collected.Deadline, Collected.Stop));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => channel.Reader.Completion.WaitAsync(Collected.Deadline, Collected.Stop));
    }
}
