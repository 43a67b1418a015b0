using System.IO.Pipelines;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.Hosting.Tests.Requests;

public sealed class NdjsonBodyTests
{
    [Fact]
    public async Task Enumerate_ConnectionLost_ThrowsNotBeforeTheServerSaysThatTheClientHasLeft()
    {
        using var aborted = new CancellationTokenSource();
        await using IAsyncEnumerator<int> records = await ReadAsync(new IOException("lost"), aborted.Token);

        Task<bool> move = records.MoveNextAsync().AsTask();
        Assert.False(move.IsCompleted);
        await aborted.CancelAsync();

        Assert.Equal("lost", (await Assert.ThrowsAsync<IOException>(() => move)).Message);
    }

    [Fact]
    public async Task Enumerate_BodyTooLarge_ThrowsAtOnce()
    {
        await using IAsyncEnumerator<int> records = await ReadAsync(new BadHttpRequestException("too large", StatusCodes.Status413PayloadTooLarge), default);

        Task<bool> move = records.MoveNextAsync().AsTask();

        Assert.True(move.IsCompleted);
        Assert.Equal(413, (await Assert.ThrowsAsync<BadHttpRequestException>(() => move)).StatusCode);
    }

    /// <summary>Gives the records of a body that fails.</summary>
    private static async Task<IAsyncEnumerator<int>> ReadAsync(Exception failure, CancellationToken aborted)
    {
        var pipe = new Pipe();
        await pipe.Writer.CompleteAsync(failure);
        var services = new ServiceCollection();
        services.AddLogging().AddMetrics().AddGaiPipelines();
        var context = new DefaultHttpContext { RequestServices = services.BuildServiceProvider(), RequestAborted = aborted };
        context.Request.ContentType = "application/x-ndjson";
        context.Features.Set<IRequestBodyPipeFeature>(new Body(pipe.Reader));
        NdjsonBody<int>? body = await NdjsonBody<int>.BindAsync(context, typeof(NdjsonBodyTests).GetMethod(nameof(ReadAsync), BindingFlags.NonPublic | BindingFlags.Static)!.GetParameters()[0]);
        return body!.GetAsyncEnumerator(TestContext.Current.CancellationToken);
    }

    private sealed record Body(PipeReader Reader) : IRequestBodyPipeFeature;
}
