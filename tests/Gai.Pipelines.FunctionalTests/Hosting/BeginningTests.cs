using System.Collections.Concurrent;
using System.Threading.Channels;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>What fails before a stream has begun: its source is closed all the same, and nothing of it is left.</summary>
public sealed class BeginningTests
{
    private readonly ConcurrentQueue<StreamOutcome> _outcomes = new();

    [Theory]
    [InlineData("/unknown")]
    [InlineData("/unknown-resumable")]
    public async Task Begin_TypeIsUnknownToTheSerializer_ClosesTheSource(string path)
    {
        Channel<Unknown> channel = Channel.CreateBounded<Unknown>(1);
        EventStreamResult<Unknown> Result() => TypedResults.Extensions.EventStream(channel, new EventStreamResultOptions { OnClosed = _outcomes.Enqueue });
        await using TestServer server = await TestServer.StartAsync(
            app =>
            {
                app.MapGet("/unknown", Result);
                app.MapGet("/unknown-resumable", Result).Resumable();
            },
            services => services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolver = TestJson.Default));

        Answer answer = await server.GetAsync(path);

        Assert.Equal(500, answer.Status);
        Assert.False(channel.Writer.TryWrite(new Unknown()));
        Assert.Equal(StreamOutcomeReason.SourceFailed, Assert.Single(_outcomes).Reason);
        Assert.Contains(nameof(Unknown), Assert.Single(server.Logs.WarningsAndErrors).Exception!.Message, StringComparison.Ordinal);
    }

    private sealed record Unknown;
}
