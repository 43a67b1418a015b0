using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Gai.Pipelines.AI.Providers;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.AI.Tests.Providers;

[Collection(nameof(ExactAllocations))]
public sealed class CompletionAllocationTests
{
    private const int Pieces = 2_000;

    public static TheoryData<string> Deltas => new()
    {
        """{"content":"token"}""",
        """{"content":"čao \"x\"\n\ud83d\ude00"}""",
        """{"content":"half \ud83d"}""",
        """{"reasoning_content":"token\t"}""",
        """{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}""",
        """{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"now","arguments":"x"}}]}""",
    };

    [Theory]
    [MemberData(nameof(Deltas))]
    public async Task ReadStream_PieceThatIsThere_AllocatesNothing(string delta)
    {
        await using IAsyncEnumerator<StreamEvent> events = await OpenAsync(new EndlessPipeReader(Chunk(delta)));
        long bytes = 0;

        void Read()
        {
            for (int i = 0; i < Pieces; i++)
            {
                ValueTask<bool> next = events.MoveNextAsync();
                Assert.True(next.IsCompletedSuccessfully && next.GetAwaiter().GetResult());
                bytes += events.Current.Text.Utf8.Length;
            }
        }

        Warm(Read);
        Assert.Equal(0, AllocatedBytes.Of(Read));
        Assert.True(bytes > 0);
    }

    [Fact]
    public async Task ReadStream_PieceThatIsWaitedFor_AllocatesNothing()
    {
        var pipe = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        byte[] chunk = Chunk("""{"content":"token"}""");
        pipe.Writer.Write(chunk);
        await pipe.Writer.FlushAsync();
        await using IAsyncEnumerator<StreamEvent> events = await OpenAsync(pipe.Reader);

#pragma warning disable CA2012 // Each is consumed once, when it has completed.
        void Read()
        {
            for (int i = 0; i < Pieces; i++)
            {
                ValueTask<bool> next = events.MoveNextAsync();
                Assert.False(next.IsCompleted);
                chunk.CopyTo(pipe.Writer.GetSpan(chunk.Length));
                pipe.Writer.Advance(chunk.Length);
                Assert.True(pipe.Writer.FlushAsync().IsCompletedSuccessfully);
                Assert.True(next.IsCompletedSuccessfully && next.GetAwaiter().GetResult());
            }
        }
#pragma warning restore CA2012

        Task<bool> first = events.MoveNextAsync().AsTask();
        Assert.False(first.IsCompleted);
        pipe.Writer.Write(chunk);
        await pipe.Writer.FlushAsync();
        Assert.True(await first);
        Warm(Read);
        Assert.Equal(0, AllocatedBytes.Of(Read));
    }

    private static byte[] Chunk(string delta) => Encoding.UTF8.GetBytes(ChunkReader.Delta(delta));

    /// <summary>Begins to read, up to the first piece after the start.</summary>
    private static async Task<IAsyncEnumerator<StreamEvent>> OpenAsync(PipeReader body)
    {
        IAsyncEnumerator<StreamEvent> events = CompletionEvents.ReadStreamAsync(body, SseReaderOptions.Default, "test", CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(StreamEventType.Start, events.Current.Type);
        Assert.True(await events.MoveNextAsync());
        return events;
    }

    private static void Warm(Action read)
    {
        for (int i = 0; i < 20; i++)
        {
            read();
        }
    }

    /// <summary>Gives the same bytes again and again, always at once.</summary>
    private sealed class EndlessPipeReader : PipeReader
    {
        private readonly ReadOnlySequence<byte> _block;

        public EndlessPipeReader(byte[] chunk) => _block = new ReadOnlySequence<byte>([.. Enumerable.Repeat(chunk, 50).SelectMany(static part => part)]);

        public override void AdvanceTo(SequencePosition consumed)
        {
        }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
        }

        public override void CancelPendingRead()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => new(new ReadResult(_block, isCanceled: false, isCompleted: false));

        public override bool TryRead(out ReadResult result)
        {
            result = new ReadResult(_block, isCanceled: false, isCompleted: false);
            return true;
        }
    }
}
