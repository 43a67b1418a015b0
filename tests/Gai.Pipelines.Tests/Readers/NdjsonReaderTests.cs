using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Readers;

public sealed class NdjsonReaderTests
{
    [Fact]
    public async Task ReadAsync_BadRecordBehindGoodOnes_DeliversThemFirst() =>
        await Collected.InAllLayoutsAsync("{\"id\":1}\n{\"id\":2}\n{\"id\":x}\n{\"id\":4}\n", async pipe =>
        {
            (List<Row?> rows, Exception? failure) = await Collected.RecordsAsync(pipe, ReaderJson.Default.Row);
            Assert.Equal([1, 2], rows.Select(row => row!.Id));
            var error = Assert.IsType<StreamReadException>(failure);
            Assert.Equal((StreamReadError.InvalidJson, 3L, 18L), (error.Error, error.Number, error.ByteOffset));
        });

    [Fact]
    public async Task ReadAsync_BadRecord_SaysWhereInTheStreamAndInTheRecord()
    {
        string good = string.Concat(Enumerable.Repeat("{\"id\":12345}" + new string(' ', 1267) + "\n", 16));
        (List<Row?> rows, Exception? failure) = await Collected.RecordsAsync(Collected.Pipe(good + "{\"id\":1,\"text\":2}\n"), ReaderJson.Default.Row);
        Assert.Equal(16, rows.Count);
        var error = Assert.IsType<StreamReadException>(failure);
        Assert.StartsWith("record 17 (byte 20,480): ", error.Message, StringComparison.Ordinal);
        Assert.Contains("Path: $.text | LineNumber: 0 | BytePositionInLine: 16.", error.Message, StringComparison.Ordinal);
        Assert.IsType<JsonException>(error.InnerException);
    }

    [Theory]
    [InlineData("{\"id\":1}\n{\"id\":2")]
    [InlineData("{\"id\":1}\n{\"id\":")]
    [InlineData("{\"id\":1}\n{\"id\":2,\"text\":\"a")]
    [InlineData("{\"id\":1}\n{\"id\":2,\"text\":\"a\\")]
    [InlineData("{\"id\":1}\r\n{")]
    [InlineData("{\"id\":1}\n{\"id\":\"a\",")]
    [InlineData("{\"id\":1}\nnul")]
    public async Task ReadAsync_StreamCutInsideARecord_IsTruncated(string stream) =>
        await Collected.InAllLayoutsAsync(stream, async pipe =>
        {
            var bad = new List<StreamReadException>();
            (List<Row?> rows, Exception? failure) = await Collected.RecordsAsync(pipe, ReaderJson.Default.Row, new NdjsonReaderOptions { OnBadRecord = bad.Add });
            Assert.Single(rows);
            var error = Assert.IsType<TruncatedStreamException>(failure);
            Assert.Equal((StreamReadError.Truncated, 2L, (long)stream.LastIndexOf('\n') + 1), (error.Error, error.Number, error.ByteOffset));
            Assert.Empty(bad);
        });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task ReadAsync_StreamCutInsideACodePoint_IsTruncated(int bytes)
    {
        byte[] stream = [.. "{\"id\":1}\n{\"id\":2,\"text\":\""u8, .. "\U0001F600"u8[..bytes]];
        foreach ((_, PieceReader pipe) in PieceReader.Layouts(stream))
        {
            (List<Row?> rows, Exception? failure) = await Collected.RecordsAsync(pipe, ReaderJson.Default.Row);
            Assert.Single(rows);
            Assert.Equal(2, Assert.IsType<TruncatedStreamException>(failure).Number);
        }
    }

    [Theory]
    [InlineData("{\"id\":1}\n{\"id\":2}}")]
    [InlineData("{\"id\":1}\n{\"id\":x")]
    [InlineData("{\"id\":1}\n12")]
    [InlineData("{\"id\":1}\n\"text\"")]
    [InlineData("{\"id\":1}\n{\"id\":2\n")]
    [InlineData("{\"id\":1}\n{\"id\":2\n{\"id\":3}")]
    [InlineData("{\"id\":1}\n{\"id\":\"a\"}")]
    public async Task ReadAsync_MalformedRecord_IsNotTruncated(string stream) =>
        await Collected.InAllLayoutsAsync(stream, async pipe =>
        {
            (List<Row?> rows, Exception? failure) = await Collected.RecordsAsync(pipe, ReaderJson.Default.Row);
            Assert.Single(rows);
            Assert.Equal((StreamReadError.InvalidJson, 2L), (Assert.IsType<StreamReadException>(failure).Error, ((StreamReadException)failure).Number));
        });

    [Fact]
    public async Task ReadAsync_CutBeyondTheDefaultDepth_IsTruncated()
    {
        var serializer = new TestJson(new JsonSerializerOptions { MaxDepth = 200 });
        (_, Exception? failure) = await Collected.RecordsAsync(Collected.Pipe("1\n" + new string('[', 150)), serializer.JsonElement);
        Assert.IsType<TruncatedStreamException>(failure);
    }

    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xC3, 0x28 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData(new byte[] { 0xE2, 0x82 })]
    public async Task ReadAsync_InvalidUtf8_IsAnErrorAtItsRecordEvenInALazyElement(byte[] invalid)
    {
        byte[] stream = [.. "[1]\n[\""u8, .. invalid, .. "\"]\n[3]\n"u8];
        foreach ((_, PieceReader pipe) in PieceReader.Layouts(stream))
        {
            var bad = new List<StreamReadException>();
            (List<JsonElement> records, Exception? failure) = await Collected.RecordsAsync(
                pipe, TestJson.Default.JsonElement, new NdjsonReaderOptions { OnBadRecord = bad.Add });
            Assert.Null(failure);
            Assert.Equal(["[1]", "[3]"], records.Select(record => record.GetRawText()));
            Assert.Equal((StreamReadError.InvalidUtf8, 2L, 4L), (Assert.Single(bad).Error, bad[0].Number, bad[0].ByteOffset));
        }

        (List<JsonElement> before, Exception? thrown) = await Collected.RecordsAsync(PieceReader.Of(stream), TestJson.Default.JsonElement);
        Assert.Single(before);
        Assert.Equal("record 2 (byte 4): it is not valid UTF-8. NDJSON has no other encoding.", Assert.IsType<StreamReadException>(thrown).Message);
    }

    [Theory]
    [InlineData(new byte[] { 0xE2, 0x82 }, "\n[3]\n")]
    [InlineData(new byte[] { 0xE2, 0x82 }, "\n")]
    [InlineData(new byte[] { 0xFF }, "x")]
    public async Task ReadAsync_InvalidUtf8ThatIsNotTheEnd_IsNotTruncated(byte[] invalid, string rest)
    {
        byte[] stream = [.. "[1]\n[\""u8, .. invalid, .. Collected.Utf8(rest)];
        foreach ((_, PieceReader pipe) in PieceReader.Layouts(stream))
        {
            (_, Exception? failure) = await Collected.RecordsAsync(pipe, TestJson.Default.JsonElement);
            Assert.Equal((StreamReadError.InvalidUtf8, 2L), (Assert.IsType<StreamReadException>(failure).Error, ((StreamReadException)failure).Number));
        }
    }

    [Theory]
    [InlineData(new byte[] { 0xEF })]
    [InlineData(new byte[] { 0xEF, 0xBB })]
    public async Task ReadAsync_HalfAByteOrderMarkAndNoMore_IsTruncated(byte[] stream)
    {
        foreach ((_, PieceReader pipe) in PieceReader.Layouts(stream))
        {
            (List<JsonElement> records, Exception? failure) = await Collected.RecordsAsync(pipe, TestJson.Default.JsonElement);
            Assert.Empty(records);
            Assert.Equal((1, 0), (Assert.IsType<TruncatedStreamException>(failure).Number, ((TruncatedStreamException)failure).ByteOffset));
        }
    }

    [Fact]
    public async Task ReadAsync_AfterAnError_IsOverAndLeavesTheRestInThePipe()
    {
        PieceReader pipe = Collected.Pipe("1\nx\n3\n");
        IAsyncEnumerator<int> each = NdjsonReader.ReadAsync(pipe, ReaderJson.Default.Int32, cancellationToken: Collected.Stop).GetAsyncEnumerator(Collected.Stop);
        Assert.True(await each.MoveNextAsync());
        await Assert.ThrowsAsync<StreamReadException>(async () => await each.MoveNextAsync());

        // Not disposed of yet, and over.
        Assert.False(await each.MoveNextAsync());
        Assert.Equal("3\n", Encoding.UTF8.GetString(pipe.ReadRest()));
    }

    [Fact]
    public async Task ReadAsync_Twice_IsRefusedWithWhatToDo()
    {
        IAsyncEnumerable<int> records = NdjsonReader.ReadAsync(Collected.Pipe("1\n"), ReaderJson.Default.Int32, cancellationToken: Collected.Stop);
        Assert.Equal([1], (await Collected.AllAsync(records)).Items);
        InvalidOperationException failure = Assert.Throws<InvalidOperationException>(() => records.GetAsyncEnumerator(Collected.Stop));
        Assert.Equal("A stream can be enumerated once. Read it again for another time.", failure.Message);
    }

    [Fact]
    public async Task ReadAsync_StreamWithOptions_KeepsThem()
    {
        using var stream = new MemoryStream("12345\n123456\n"u8.ToArray());
        (List<int> records, Exception? failure) = await Collected.AllAsync(
            NdjsonReader.ReadAsync(stream, ReaderJson.Default.Int32, new NdjsonReaderOptions { MaxRecordBytes = 5 }, Collected.Stop));
        Assert.Equal([12345], records);
        Assert.Equal(StreamReadError.TooLarge, Assert.IsType<StreamReadException>(failure).Error);
    }

    [Fact]
    public void ReadAsync_NoArgument_Throws()
    {
        Assert.Throws<ArgumentNullException>("reader", () => NdjsonReader.ReadAsync((PipeReader)null!, ReaderJson.Default.Int32));
        Assert.Throws<ArgumentNullException>("typeInfo", () => NdjsonReader.ReadAsync<int>(Collected.Pipe(""), null!));
        Assert.Throws<ArgumentNullException>("stream", () => NdjsonReader.ReadAsync((Stream)null!, ReaderJson.Default.Int32));
        Assert.Throws<ArgumentNullException>("typeInfo", () => NdjsonReader.ReadAsync<int>(Stream.Null, null!));
        Assert.Throws<ArgumentNullException>("reader", () => NdjsonReader.ReadRawAsync(null!));
    }

    [Fact]
    public async Task ReadAsync_BadRecordsPassedOver_GoesOnWithTheRightNumbers() =>
        await Collected.InAllLayoutsAsync("{}x\n{\"id\":2}\n\n[]\r\n{\"id\":4}\n  \nnope\n", async pipe =>
        {
            var bad = new List<StreamReadException>();
            (List<Row?> rows, Exception? failure) = await Collected.RecordsAsync(pipe, ReaderJson.Default.Row, new NdjsonReaderOptions { OnBadRecord = bad.Add });
            Assert.Null(failure);
            Assert.Equal([2, 4], rows.Select(row => row!.Id));
            Assert.Equal([(1L, 0L), (3L, 14L), (5L, 30L)], bad.Select(one => (one.Number, one.ByteOffset)));
        });

    [Theory]
    [InlineData("[[1]]", 2, true)]
    [InlineData("[[[1]]]", 2, false)]
    [InlineData("{\"a\":[1]}", 2, true)]
    [InlineData("{\"a\":[{}]}", 2, false)]
    public async Task ReadAsync_MaxDepth_IsExact(string record, int depth, bool passes)
    {
        (List<JsonElement> records, Exception? failure) = await Collected.RecordsAsync(
            Collected.Pipe($"0\n{record}\n"), TestJson.Default.JsonElement, new NdjsonReaderOptions { MaxDepth = depth });
        Assert.Equal(passes ? 2 : 1, records.Count);
        Assert.Equal(passes ? null : StreamReadError.InvalidJson, (failure as StreamReadException)?.Error);
    }

    [Fact]
    public async Task ReadAsync_MaxDepthWithALenientSerializer_AllowsWhatTheSerializerAllows()
    {
        var serializer = new TestJson(new JsonSerializerOptions { AllowTrailingCommas = true, ReadCommentHandling = JsonCommentHandling.Skip });
        (List<JsonElement> records, Exception? failure) = await Collected.RecordsAsync(
            Collected.Pipe("[1,]\n[/* two */2]\n"), serializer.JsonElement, new NdjsonReaderOptions { MaxDepth = 3 });
        Assert.Null(failure);
        Assert.Equal(2, records.Count);
    }

    [Theory]
    [InlineData("\uFEFF1\n2\n")]
    [InlineData("\n \n\t\r\n\r\n1\n\n \t \n2\n\n")]
    [InlineData("1\r\n2\r\n")]
    [InlineData("1\n2")]
    [InlineData("1\n2\r")]
    [InlineData(" 1 \r\n\t2\t")]
    public async Task ReadAsync_BlankLinesMarkAndLineEnds_AreNoRecords(string stream) =>
        await Collected.InAllLayoutsAsync(stream, async pipe =>
        {
            (List<int> records, Exception? failure) = await Collected.RecordsAsync(pipe, ReaderJson.Default.Int32);
            Assert.Null(failure);
            Assert.Equal([1, 2], records);
        });

    [Theory]
    [InlineData("")]
    [InlineData("\uFEFF")]
    [InlineData("\n\r\n \n")]
    public async Task ReadAsync_NoRecords_EndsWell(string stream) =>
        await Collected.InAllLayoutsAsync(stream, async pipe =>
        {
            (List<int> records, Exception? failure) = await Collected.RecordsAsync(pipe, ReaderJson.Default.Int32);
            Assert.Null(failure);
            Assert.Empty(records);
        });

    [Theory]
    [InlineData("1\n\uFEFF2\n")]
    [InlineData("\uFEFF\uFEFF1\n")]
    [InlineData("1\r2\n")]
    [InlineData("1 2\n")]
    public async Task ReadAsync_MarkInsideOrBareCr_IsAnError(string stream) =>
        await Collected.InAllLayoutsAsync(stream, async pipe =>
            Assert.Equal(StreamReadError.InvalidJson, ((await Collected.RecordsAsync(pipe, ReaderJson.Default.Int32)).Failure as StreamReadException)?.Error));

    [Fact]
    public async Task ReadAsync_BrokenMark_BelongsToTheFirstRecord()
    {
        byte[] stream = [0xEF, 0xBB, .. "1\n2\n"u8];
        foreach ((_, PieceReader pipe) in PieceReader.Layouts(stream))
        {
            (_, Exception? failure) = await Collected.RecordsAsync(pipe, ReaderJson.Default.Int32);
            Assert.Equal((StreamReadError.InvalidUtf8, 0L), (Assert.IsType<StreamReadException>(failure).Error, ((StreamReadException)failure).ByteOffset));
        }
    }

    [Fact]
    public async Task ReadAsync_NullRecord_IsARecord() =>
        Assert.Equal([null, new Row(1)], (await Collected.RecordsAsync(Collected.Pipe("null\n{\"id\":1}\n"), ReaderJson.Default.Row)).Items);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ReadAsync_CancelledWhileWaiting_Throws(bool byEnumerator)
    {
        using var cancel = new CancellationTokenSource();
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync("1\n"u8.ToArray(), TestContext.Current.CancellationToken);
        IAsyncEnumerable<int> records = NdjsonReader.ReadAsync(pipe.Reader, ReaderJson.Default.Int32, cancellationToken: byEnumerator ? default : cancel.Token);
        await using IAsyncEnumerator<int> each = records.GetAsyncEnumerator(byEnumerator ? cancel.Token : default);
        Assert.True(await each.MoveNextAsync());
        ValueTask<bool> waiting = each.MoveNextAsync();
        Assert.False(waiting.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.AsTask().WaitAsync(Collected.Deadline, Collected.Stop));
        Assert.False(await each.MoveNextAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ReadAsync_EitherOfTwoTokens_Cancels(bool first)
    {
        using var one = new CancellationTokenSource();
        using var other = new CancellationTokenSource();
        await using IAsyncEnumerator<int> each = NdjsonReader.ReadAsync(new Pipe().Reader, ReaderJson.Default.Int32, cancellationToken: one.Token).GetAsyncEnumerator(other.Token);
        ValueTask<bool> waiting = each.MoveNextAsync();
        await (first ? one : other).CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.AsTask().WaitAsync(Collected.Deadline, Collected.Stop));
    }

    [Fact]
    public async Task ReadAsync_PendingReadCancelledOnThePipe_Throws()
    {
        var pipe = new Pipe();
        pipe.Reader.CancelPendingRead();
        (_, Exception? failure) = await Collected.RecordsAsync(pipe.Reader, ReaderJson.Default.Int32);
        Assert.IsType<OperationCanceledException>(failure);
    }

    [Fact]
    public async Task ReadAsync_ConnectionThatBreaks_ThrowsItsError()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync("1\n2"u8.ToArray(), TestContext.Current.CancellationToken);
        await pipe.Writer.CompleteAsync(new IOException("reset"));
        (_, Exception? failure) = await Collected.RecordsAsync(pipe.Reader, ReaderJson.Default.Int32);
        Assert.Equal("reset", Assert.IsType<IOException>(failure).Message);
    }

    [Fact]
    public async Task ReadAsync_Stopped_LeavesTheRestInThePipe() =>
        await Collected.InAllLayoutsAsync("1\r\n2\n3\n4\n", async pipe =>
        {
            await foreach (int record in NdjsonReader.ReadAsync(pipe, ReaderJson.Default.Int32, null, Collected.Stop))
            {
                if (record == 2)
                {
                    break;
                }
            }

            Assert.Equal("3\n4\n", Encoding.UTF8.GetString(pipe.ReadRest()));
            Assert.False(pipe.IsCompleted);
        });

    [Theory]
    [InlineData("{\"id\":0}", 0)]
    [InlineData(" {\"id\":0} \r", 0)]
    [InlineData("", 0)]
    [InlineData("null", 0)]
    [InlineData("{\"id\":0,\"text\":\"\u20AC\"}", 0)]
    [InlineData("{\"id\":0,\"text\":\"12345678901234\"}", 0)]
    [InlineData("{\"id\":0,\"text\":\"12345678901234\"}\r", 0)]
    [InlineData("{\"id\":0,\"text\":\"123456789012345\"}", 1)]
    [InlineData("{\"id\":0}{\"id\":0}", 1)]
    [InlineData("{\"id\":0} x", 1)]
    [InlineData("{\"id\":\n0}", 2)]
    [InlineData("{\n\"id\":0}\n{\"id\":\"0\"}", 3)]
    [InlineData("{\"id\":\"a\"}", 1)]
    [InlineData("{\"id\":0,\"a\":[{}]}", 1)]
    [InlineData("{\"id\":0,\"a\":[]}", 0)]
    [InlineData("{\"id\":0,\"text\":\"\\ud800\"}", 1)]
    [InlineData("{\"id\":0", 1)]
    [InlineData("}", 1)]
    public async Task ReadAsync_OddRecordAmongManyInOneSegment_IsReadAsByItself(string odd, int bad)
    {
        string many = string.Concat(Enumerable.Range(1, 150).Select(id => $"{{\"id\":{id}}}\n"));
        byte[] stream = Collected.Utf8($"{many}{odd}\n{many}");
        (List<Row?> Rows, List<(long, long, string)> Bad, Exception? Failure) whole = await ReadAsync(PieceReader.Of(stream));
        (List<Row?> Rows, List<(long, long, string)> Bad, Exception? Failure) bytewise = await ReadAsync(PieceReader.Of(stream, 1));

        Assert.Null(whole.Failure);
        Assert.Equal(bad, whole.Bad.Count);
        Assert.Equal(Enumerable.Range(1, 150), whole.Rows.TakeLast(150).Select(row => row!.Id));
        Assert.Equal(bytewise.Rows, whole.Rows);
        Assert.Equal(bytewise.Bad, whole.Bad);

        static async Task<(List<Row?> Rows, List<(long Number, long Offset, string Message)> Bad, Exception? Failure)> ReadAsync(PieceReader pipe)
        {
            var bad = new List<(long, long, string)>();
            var options = new NdjsonReaderOptions { MaxDepth = 2, MaxRecordBytes = 32, OnBadRecord = error => bad.Add((error.Number, error.ByteOffset, error.Message)) };
            (List<Row?> rows, Exception? failure) = await Collected.RecordsAsync(pipe, ReaderJson.Default.Row, options);
            return (rows, bad, failure);
        }
    }

    [Theory]
    [InlineData("x", 64)]
    [InlineData("\u20AC", 64)]
    [InlineData("1,000 bytes", 16)]
    public async Task ReadAsync_ManyObjectsInOneSegment_AreParsedAheadUpToABound(string text, int atOnce)
    {
        const int Records = 200;
        text = text == "1,000 bytes" ? new string('x', 970) : text;
        PieceReader pipe = Collected.Pipe(string.Concat(Enumerable.Range(1, Records).Select(id => $"{{\"id\":{id},\"text\":\"{text}\"}}\n")));
        Counted.Parsed = 0;
        IAsyncEnumerator<Counted?> each = NdjsonReader.ReadAsync(pipe, ReaderJson.Default.Counted, null, Collected.Stop).GetAsyncEnumerator(Collected.Stop);

        // The first says what the options are; from the second on as many as may be are parsed together, and handed out one by one.
        for (int id = 1; id <= Records; id++)
        {
            Assert.True(Collected.Next(each));
            Assert.Equal((id, text), (each.Current!.Id, each.Current.Text));
            Assert.Equal(id == 1 ? 1 : Math.Min(Records, 1 + ((id - 2) / atOnce * atOnce) + atOnce), Counted.Parsed);
        }

        Assert.False(await each.MoveNextAsync());
    }

    [Fact]
    public async Task ReadAsync_InvalidUtf8AmongManyInOneSegment_IsAnErrorAtItsRecord()
    {
        byte[] good = Collected.Utf8("{\"id\":1,\"text\":\"\u20AC\"}\n");
        byte[] bad = [.. "{\"id\":1,\"other\":\""u8, 0xFF, .. "\"}\n"u8];
        (List<Row?> rows, Exception? failure) = await Collected.RecordsAsync(PieceReader.Of([.. good, .. good, .. good, .. bad]), ReaderJson.Default.Row);

        Assert.Equal(3, rows.Count);
        var error = Assert.IsType<StreamReadException>(failure);
        Assert.Equal((StreamReadError.InvalidUtf8, 4L, 3L * good.Length), (error.Error, error.Number, error.ByteOffset));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(65)]
    [InlineData(66)]
    [InlineData(199)]
    public async Task ReadAsync_StoppedAmongManyInOneSegment_LeavesTheRestInThePipe(int stop)
    {
        string[] records = [.. Enumerable.Range(1, 200).Select(id => $"{{\"id\":{id}}}\n")];
        PieceReader pipe = Collected.Pipe(string.Concat(records));
        await foreach (Row? row in NdjsonReader.ReadAsync(pipe, ReaderJson.Default.Row, null, Collected.Stop))
        {
            if (row!.Id == stop)
            {
                break;
            }
        }

        Assert.Equal(string.Concat(records[stop..]), Encoding.UTF8.GetString(pipe.ReadRest()));
    }

    [Fact]
    public async Task ReadAsync_MetadataThatIsNotTheOptions_IsUsed()
    {
        var options = new JsonSerializerOptions { TypeInfoResolver = ReaderJson.Default };
        var own = (JsonTypeInfo<Row>)((IJsonTypeInfoResolver)ReaderJson.Default).GetTypeInfo(typeof(Row), options)!;
        own.Properties.Single(property => property.Name == "Id").Name = "number";
        options.MakeReadOnly();
        (List<Row?> rows, Exception? failure) = await Collected.RecordsAsync(Collected.Pipe("{\"number\":1}\n{\"number\":2}\n{\"number\":3}\n"), own);
        Assert.Null(failure);
        Assert.Equal([1, 2, 3], rows.Select(row => row!.Id));
    }

    [Fact]
    public async Task ReadAsync_Stream_StaysOpen()
    {
        using var stream = new MemoryStream("1\n2\n"u8.ToArray());
        Assert.Equal([1, 2], (await Collected.AllAsync(NdjsonReader.ReadAsync(stream, ReaderJson.Default.Int32, null, Collected.Stop))).Items);
        Assert.True(stream.CanRead);
    }

    [Fact]
    public async Task ReadAsync_AgainAfterABreak_GoesOnWithTheNextRecord() =>
        await Collected.InAllLayoutsAsync("1\n2\r\n3", async pipe =>
        {
            for (int i = 1; i <= 3; i++)
            {
                await foreach (int number in NdjsonReader.ReadAsync(pipe, ReaderJson.Default.Int32, null, Collected.Stop))
                {
                    Assert.Equal(i, number);
                    break;
                }
            }

            Assert.Empty(pipe.ReadRest());
        });

    [Fact]
    public async Task ReadAsync_EnumeratedTwice_IsRefused()
    {
        IAsyncEnumerable<int> records = NdjsonReader.ReadAsync(Collected.Pipe("1\n"), ReaderJson.Default.Int32, null, Collected.Stop);
        Assert.Null((await Collected.AllAsync(records)).Failure);
        Assert.IsType<InvalidOperationException>((await Collected.AllAsync(records)).Failure);
    }

    [Fact]
    public void ReadAsync_NullArguments_AreRefusedAtOnce()
    {
        Assert.Throws<ArgumentNullException>(() => NdjsonReader.ReadAsync((PipeReader)null!, ReaderJson.Default.Int32, null, Collected.Stop));
        Assert.Throws<ArgumentNullException>(() => NdjsonReader.ReadAsync((Stream)null!, ReaderJson.Default.Int32, null, Collected.Stop));
        Assert.Throws<ArgumentNullException>(() => NdjsonReader.ReadAsync<int>(Collected.Pipe(""), null!, null, Collected.Stop));
        Assert.Throws<ArgumentNullException>(() => NdjsonReader.ReadRawAsync(null!, null, Collected.Stop));
    }

    [Fact]
    public async Task ReadRawAsync_Records_AreValidUntilTheNext() =>
        await Collected.InAllLayoutsAsync("first\r\n\n{ \"not\": json \n\u00E9\u20AC\nlast", async pipe =>
        {
            var records = new List<string>();
            await foreach (ReadOnlySequence<byte> record in NdjsonReader.ReadRawAsync(pipe, null, Collected.Stop))
            {
                records.Add(Encoding.UTF8.GetString(record));
            }

            Assert.Equal(["first", "{ \"not\": json ", "\u00E9\u20AC", "last"], records);
        });

    [Fact]
    public async Task ReadRawAsync_InvalidUtf8_IsAnError()
    {
        byte[] stream = [.. "a\n"u8, 0xFF, .. "\n"u8];
        (List<ReadOnlySequence<byte>> records, Exception? failure) = await Collected.AllAsync(NdjsonReader.ReadRawAsync(PieceReader.Of(stream), null, Collected.Stop));
        Assert.Single(records);
        Assert.Equal(StreamReadError.InvalidUtf8, Assert.IsType<StreamReadException>(failure).Error);
    }

    /// <summary>A byte order mark, whole, cut or broken, is no reason to look at nothing that comes behind it.</summary>
    [Theory]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF })]
    [InlineData(new byte[] { 0xEF })]
    [InlineData(new byte[] { 0xEF, 0xBB })]
    public async Task ReadRawAsync_InvalidUtf8BehindAByteOrderMark_IsAnError(byte[] mark)
    {
        byte[] stream = [.. mark, .. "\n[1]\n[\""u8, 0xFF, .. "\"]\n"u8];
        foreach ((_, PieceReader pipe) in PieceReader.Layouts(stream))
        {
            var bad = new List<StreamReadException>();
            (List<ReadOnlySequence<byte>> records, Exception? failure) = await Collected.AllAsync(NdjsonReader.ReadRawAsync(pipe, new NdjsonReaderOptions { OnBadRecord = bad.Add }, Collected.Stop));

            Assert.Null(failure);
            Assert.Single(records);
            Assert.Equal(mark.Length == 3 ? [2L] : [1L, 3L], bad.Select(static one => one.Number));
            Assert.All(bad, static one => Assert.Equal(StreamReadError.InvalidUtf8, one.Error));
        }
    }

    [Fact]
    public void ReadRawAsync_Warm_AllocatesNothingPerRecord()
    {
        byte[] records = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"id\":1,\"text\":\"\u00E9\"}\r\n", 100)));
        IAsyncEnumerator<ReadOnlySequence<byte>> each = NdjsonReader
            .ReadRawAsync(new FillPipeReader(records, 1000, long.MaxValue), null, Collected.Stop).GetAsyncEnumerator(Collected.Stop);
        Assert.Equal(0, AllocationMeter.BytesOf(_ => Assert.True(Collected.Next(each) && each.Current.Length == 20)));
    }
}
