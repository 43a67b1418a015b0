using System.Runtime.CompilerServices;
using System.Threading.Channels;
using System.Threading.Tasks.Sources;
using Gai.Pipelines.FaultHost;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Faults;

/// <summary>Sources that throw where nobody expects it, hang, ignore their cancellation, or complete twice.</summary>
/// <remarks>
/// What holds: the client gets what was given before, once, with one ending; the stream is over within <c>DetachAfter</c> of its end, whatever its source does, and
/// then only that source is left, until it returns and is disposed of.
/// </remarks>
public sealed class SourceTests : IDisposable
{
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _returned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _hangs = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _calledBack = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _given;

    /// <summary>A source that a failed test has left behind would be found by all others.</summary>
    public void Dispose() => _release.TrySetResult();

    [Theory]
    [InlineData("1.1", "/hangs")]
    [InlineData("2", "/hangs")]
    [InlineData("1.1", "/ignores")]
    [InlineData("2", "/ignores")]
    [InlineData("1.1", "/deaf-producer")]
    [InlineData("2", "/deaf-producer")]
    public async Task IgnoreCancellation_ClientLeaves_SourceIsDetachedAndDisposedOfWhenItReturns(string version, string path)
    {
        await using FaultServer server = await StartAsync();
        RawClient client = await server.AskAsync(version, path);
        await client.ReadBodyAsync(Numbered.Frame(1, 10).Length);
        await _hangs.Task.OrFail("the source hangs");

        client.Reset();
        await server.Time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(1, server.Server.Streams.Count);
        server.Time.Advance(TimeSpan.FromSeconds(5));

        await Eventually.IsTrueAsync(() => server.Server.Streams.Count == 0, () => "the stream is still open");
        await Eventually.IsTrueAsync(() => server.Time.ArmedTimers == 0, () => "a timer is left");
        Assert.Equal(0, server.Server.Scheduler.EntryCount);
        Assert.Equal(0, server.Witness.RegistrationsLeft);
        Assert.False(_returned.Task.IsCompleted);
        _release.SetResult();
        await _returned.Task.OrFail("the source returns");
        await server.NothingIsLeftAsync(StreamOutcomeReason.ClientGone);
        Assert.Equal(1, _given);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Hang_ServerStops_DoesNotWaitForIt(string version)
    {
        await using FaultServer server = await StartAsync();
        using RawClient client = await server.AskAsync(version, "/hangs");
        await client.ReadBodyAsync(Numbered.Frame(1, 10).Length);
        await _hangs.Task.OrFail("the source hangs");

        Task stopping = server.Server.App.StopAsync();
        await server.Time.PassTimerAsync(TimeSpan.FromSeconds(5));
        if (version == "2")
        {
            await server.Time.PassTimerAsync(TimeSpan.FromSeconds(1));
        }

        await stopping.OrFail("the server stops");
        _release.SetResult();
        await server.NothingIsLeftAsync(StreamOutcomeReason.Drained);
    }

    [Fact]
    public async Task Block_TheThread_OtherStreamsGoOn()
    {
        // Nothing ends a thread that does not come back; but it is the stream's own.
        await using FaultServer server = await StartAsync();
        RawClient client = await server.AskAsync("1.1", "/blocks");
        await client.ReadBodyAsync(Numbered.Frame(1, 10).Length);
        await _hangs.Task.OrFail("the source blocks");

        using RawClient other = await server.AskAsync("1.1", "/numbers?bytes=1000&count=1000");
        Assert.Equal("clean", await other.ReadToEndAsync());
        client.Reset();
        await _left.Task.OrFail("the server notices that the client has left");
        _release.SetResult();

        await server.NothingIsLeftAsync(StreamOutcomeReason.Completed, StreamOutcomeReason.ClientGone);
    }

    [Theory]
    [InlineData("1.1", "enumerator")]
    [InlineData("1.1", "move")]
    [InlineData("2", "move")]
    [InlineData("1.1", "current")]
    [InlineData("2", "current")]
    [InlineData("1.1", "dispose")]
    [InlineData("2", "dispose")]
    public async Task Throw_Anywhere_ClientIsToldAndNothingIsLeft(string version, string where)
    {
        await using FaultServer server = await StartAsync();
        Answer answer = await server.Server.GetAsync($"/throws?where={where}", version: version);

        (StreamOutcomeReason reason, string expected) = where switch
        {
            "dispose" => (StreamOutcomeReason.Completed, "event: done"),
            "enumerator" => (StreamOutcomeReason.SourceFailed, "\"code\":\"internal\""),
            _ => (StreamOutcomeReason.SourceFailed, "event: gai.error"),
        };
        Assert.Contains(expected, answer.Body, StringComparison.Ordinal);
        Assert.Equal(where == "enumerator" ? 500 : 200, answer.Status);
        Assert.NotEqual(answer.Body.Contains("done", StringComparison.Ordinal), answer.Body.Contains("internal", StringComparison.Ordinal));
        await server.NothingIsLeftAsync(reason);
        Assert.Single(server.Server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("1.1", "/enumerable")]
    [InlineData("2", "/enumerable")]
    [InlineData("1.1", "/channel")]
    [InlineData("2", "/channel")]
    [InlineData("1.1", "/handler")]
    [InlineData("2", "/handler")]
    public async Task CompleteTwice_EndsOnce(string version, string path)
    {
        await using FaultServer server = await StartAsync();
        using RawClient client = await server.AskAsync(version, path);

        Assert.Equal("clean", await client.ReadToEndAsync());

        Assert.Equal("event: text_delta\ndata: {\"text\":\"Hi\"}\n\nid: gai.done\nevent: done\ndata: {\"finished\":true}\n\n", client.Body.Text);
        await server.NothingIsLeftAsync(StreamOutcomeReason.Completed);
        Assert.Empty(server.Server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task AnswerTwice_ToOneQuestion_HasOneEnding(string version)
    {
        // What such a source means nobody can know. It may pass for one that fails.
        await using FaultServer server = await StartAsync();
        using RawClient client = await server.AskAsync(version, "/two-answers");

        Assert.Equal("clean", await client.ReadToEndAsync());

        Assert.StartsWith("event: text_delta\ndata: {\"text\":\"Hi\"}\n\n", client.Body.Text, StringComparison.Ordinal);
        Assert.NotEqual(client.Body.Text.Contains("done", StringComparison.Ordinal), client.Body.Text.Contains("gai.error", StringComparison.Ordinal));
        await _calledBack.Task.OrFail("the source has called back twice");
        await server.NothingIsLeftAsync(client.Body.Text.Contains("done", StringComparison.Ordinal) ? StreamOutcomeReason.Completed : StreamOutcomeReason.SourceFailed);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task CompleteTwice_ProducerWhichThatThrows_FailsAndHasNoEndMarker(string version)
    {
        await using FaultServer server = await StartAsync();
        using RawClient client = await server.AskAsync(version, "/producer");

        Assert.Equal("clean", await client.ReadToEndAsync());

        Assert.StartsWith("event: text_delta\ndata: {\"text\":\"Hi\"}\n\n", client.Body.Text, StringComparison.Ordinal);
        Assert.Contains("event: gai.error\n", client.Body.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("done", client.Body.Text, StringComparison.Ordinal);
        await server.NothingIsLeftAsync(StreamOutcomeReason.SourceFailed);
    }

    private Task<FaultServer> StartAsync() => FaultServer.StartAsync(
        options => options.DrainMode = DrainMode.EndAtOnce,
        (app, witness) =>
        {
            app.MapGet("/hangs", () => TypedResults.Extensions.EventStream(HangsAsync(), witness.Noted));
            app.MapGet("/ignores", () => TypedResults.Extensions.EventStream(IgnoresAsync(), witness.Noted));
            app.MapGet("/blocks", (HttpContext context) => TypedResults.Extensions.EventStream(BlocksAsync(context), witness.Noted));
            app.MapGet("/deaf-producer", () => TypedResults.Extensions.EventStream<string>(ProduceAndHangAsync, witness.Noted));
            app.MapGet("/throws", (string where) => TypedResults.Extensions.EventStream<StreamEvent>(new Odd(where), witness.Noted));
            app.MapGet("/enumerable", () => TypedResults.Extensions.EventStream<StreamEvent>(new Odd("asked again"), witness.Noted));
            app.MapGet("/two-answers", () => TypedResults.Extensions.EventStream<StreamEvent>(new TwoAnswers(_calledBack), witness.Noted));
            app.MapGet("/producer", () => TypedResults.Extensions.EventStream<StreamEvent>(
                async (writer, cancellationToken) =>
                {
                    await writer.WriteAsync(StreamEvent.TextDelta("Hi"), cancellationToken);
                    writer.Complete();
                    writer.Complete();
                },
                witness.Noted));
            app.MapGet("/channel", () =>
            {
                var channel = Channel.CreateUnbounded<StreamEvent>();
                channel.Writer.TryWrite(StreamEvent.TextDelta("Hi"));
                channel.Writer.TryComplete();
                channel.Writer.TryComplete(new InvalidOperationException());
                return TypedResults.Extensions.EventStream(channel, witness.Noted);
            });
            app.MapGet("/handler", async context =>
            {
                await using EventStream<StreamEvent> stream = context.OpenEventStream<StreamEvent>(witness.Noted);
                await stream.WriteAsync(StreamEvent.TextDelta("Hi"), context.RequestAborted);
                await stream.CompleteAsync();
                await stream.CompleteAsync();
            });
        });

    /// <summary>Waits for something that never comes.</summary>
    private async IAsyncEnumerable<string> HangsAsync()
    {
        try
        {
            _given++;
            yield return Numbered.Event(1, 10);
            _hangs.TrySetResult();
            await _release.Task;
        }
        finally
        {
            _returned.TrySetResult();
        }
    }

    /// <summary>Looks at no token, and goes on giving events when it is released.</summary>
    private async IAsyncEnumerable<string> IgnoresAsync()
    {
        try
        {
            while (true)
            {
                yield return Numbered.Event(++_given, 10);
                _hangs.TrySetResult();
                await _release.Task;
            }
        }
        finally
        {
            _given--; // it was asked for one more, which nobody took
            _returned.TrySetResult();
        }
    }

    private async IAsyncEnumerable<string> BlocksAsync(HttpContext context)
    {
        await using CancellationTokenRegistration leaving = context.RequestAborted.Register(() => _left.TrySetResult());
        yield return Numbered.Event(1, 10);
        await Task.Yield();
        _hangs.TrySetResult();
#pragma warning disable xUnit1031, VSTHRD002 // It is the fault.
        _release.Task.Wait();
#pragma warning restore xUnit1031, VSTHRD002
    }

    private async Task ProduceAndHangAsync(ChannelWriter<string> writer, CancellationToken cancellationToken)
    {
        await writer.WriteAsync(Numbered.Event(++_given, 10), CancellationToken.None);
        _hangs.TrySetResult();
        await _release.Task;
        _returned.TrySetResult();
    }

    /// <summary>Gives one event and then does something odd.</summary>
    private sealed class Odd(string where) : IAsyncEnumerable<StreamEvent>, IAsyncEnumerator<StreamEvent>
    {
        private int _asked;

        public StreamEvent Current => where == "current" && _asked == 2 ? throw new InvalidOperationException() : StreamEvent.TextDelta("Hi");

        public IAsyncEnumerator<StreamEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
            where == "enumerator" ? throw new InvalidOperationException() : this;

        public ValueTask<bool> MoveNextAsync() => ++_asked switch
        {
            1 => new(true),
            2 => where == "move" ? throw new InvalidOperationException() : new(where == "current"),
            _ => new(true),
        };

        public ValueTask DisposeAsync() => where == "dispose" ? throw new InvalidOperationException() : ValueTask.CompletedTask;
    }

    /// <summary>Is waited for, and calls back twice for each answer.</summary>
    private sealed class TwoAnswers(TaskCompletionSource calledBack) : IAsyncEnumerable<StreamEvent>, IAsyncEnumerator<StreamEvent>, IValueTaskSource<bool>
    {
        private int _asked;
        private bool _isAnswered;

        public StreamEvent Current => StreamEvent.TextDelta("Hi");

        public IAsyncEnumerator<StreamEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default) => this;

        public ValueTask<bool> MoveNextAsync()
        {
            _asked++;
            _isAnswered = false;
            return new ValueTask<bool>(this, (short)_asked);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public bool GetResult(short token) => token == _asked && _isAnswered ? token == 1 : throw new InvalidOperationException("There is no such answer.");

        public ValueTaskSourceStatus GetStatus(short token) => _isAnswered ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Pending;

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => _ = Task.Run(() =>
        {
            _isAnswered = true;
            continuation(state);
            try
            {
                continuation(state);
                calledBack.TrySetResult();
            }
            catch (Exception failure)
            {
                calledBack.TrySetException(failure);
            }
        });
    }
}
