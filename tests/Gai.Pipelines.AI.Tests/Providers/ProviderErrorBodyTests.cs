using System.Net;
using System.Text;

namespace Gai.Pipelines.AI.Tests.Providers;

public sealed class ProviderErrorBodyTests
{
    [Theory]
    [InlineData("Too many for \\ud83d", "Too many for \uFFFD")]
    [InlineData("\\ude00 and \\ud83d\\ud83d\\ude00\\n", "\uFFFD and \uFFFD\U0001F600\n")]
    [InlineData("Too many for \u00FF", "Too many for \uFFFD")] // written in Latin-1
    public async Task Handler_MessageThatIsNotUnicode_IsReadWithReplacements(string message, string read)
    {
        StreamError error = await ReadAsync($$"""{"error":{"message":"{{message}}","type":"rate_limit_error","param":"\ud83d"} }""");

        Assert.Equal(new StreamError(StreamErrorCodes.RateLimited, read, Temporary: true, TimeSpan.FromSeconds(7)) { Parameter = "\uFFFD" }, error);
    }

    [Fact]
    public async Task Handler_NameThatIsNotUnicode_IsWhatTheStatusSays()
    {
        StreamError error = await ReadAsync("""{"\ud83d":1}""");

        Assert.Equal((StreamErrorCodes.RateLimited, TimeSpan.FromSeconds(7)), (error.Code, error.RetryAfter));
    }

    [Fact]
    public async Task ReadStream_ErrorWhoseTextIsNotUnicode_IsStillTheError()
    {
        string record = ChunkReader.Frame("""{"error":{"message":"a\ud83d","type":"overloaded_error"}}""");

        var thrown = await Assert.ThrowsAsync<StreamErrorException>(() => ChunkReader.ReadAsync(record));

        Assert.Equal((StreamErrorCodes.Overloaded, "a\uFFFD"), (thrown.Error.Code, thrown.Error.Message));
    }

    private static async Task<StreamError> ReadAsync(string body)
    {
        using var http = new HttpClient(new ProviderErrorHandler(new Answer(Encoding.Latin1.GetBytes(body))));
        return (await Assert.ThrowsAsync<StreamErrorException>(() => http.GetAsync(new Uri("http://localhost/v1")))).Error;
    }

    private sealed class Answer(byte[] body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Headers = { { "Retry-After", "7" } }, Content = new ByteArrayContent(body) });
    }
}
