using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.Hosting.Tests.Streaming;

public sealed class ProblemTests
{
    [Fact]
    public async Task WriteAsync_StreamError_TellsStatusCodeTextAndRetryTime()
    {
        DefaultHttpContext context = NewContext();
        var failure = new StreamErrorException(new StreamError(StreamErrorCodes.RateLimited, "Slow \"down\".", Temporary: true, TimeSpan.FromSeconds(1.2)));

        await WriteAsync(context, failure);

        JsonElement problem = ReadBody(context);
        Assert.Equal(429, context.Response.StatusCode);
        Assert.Equal("application/problem+json", context.Response.ContentType);
        Assert.Equal("2", context.Response.Headers.RetryAfter);
        Assert.Equal(429, problem.GetProperty("status").GetInt32());
        Assert.Equal("Too Many Requests", problem.GetProperty("title").GetString());
        Assert.Equal("Slow \"down\".", problem.GetProperty("detail").GetString());
        Assert.Equal("rate_limited", problem.GetProperty("code").GetString());
    }

    [Fact]
    public async Task WriteAsync_AnyException_HidesItsText()
    {
        DefaultHttpContext context = NewContext();

        await WriteAsync(context, new InvalidOperationException("password=secret"));

        Assert.Equal(500, context.Response.StatusCode);
        Assert.DoesNotContain("secret", ReadBody(context).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WriteAsync_JsonFailure_SaysWhereCountingFromOne()
    {
        DefaultHttpContext context = NewContext();
        JsonException json = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Dictionary<string, int>>("{\n  \"a\": oops\n}"));

        await WriteAsync(context, new BadHttpRequestException("Failed to read.", json));

        string detail = ReadBody(context).GetProperty("detail").GetString()!;
        Assert.Equal(400, context.Response.StatusCode);
        Assert.Contains("line 2, byte 8, at $.a", detail, StringComparison.Ordinal);
        Assert.DoesNotContain(" Path: ", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WriteAsync_ApplicationHasProblemDetails_ItsCustomizationIsUsed()
    {
        DefaultHttpContext context = NewContext(services => services.AddProblemDetails(
            options => options.CustomizeProblemDetails = details => details.ProblemDetails.Extensions["from"] = "the application"));

        await Problem.WriteAsync(context, 503, new StreamError("code", "detail"));

        Assert.Equal("the application", ReadBody(context).GetProperty("from").GetString());
    }

    [Fact]
    public async Task WriteAsync_ApplicationsServiceDeclines_ProblemIsWrittenAllTheSame()
    {
        DefaultHttpContext context = NewContext(services => services.AddProblemDetails());
        context.Request.Headers.Accept = "text/event-stream";

        await Problem.WriteAsync(context, 503, new StreamError("server_draining", "detail"));

        Assert.Equal("server_draining", ReadBody(context).GetProperty("code").GetString());
    }

    [Fact]
    public async Task WriteAsync_EndpointHasDocumentOfItsOwn_ItWordsTheFailure()
    {
        DefaultHttpContext context = NewContext();
        context.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(new OwnDocument()), "own"));

        await Problem.WriteAsync(context, 503, new StreamError("overloaded", "No room", true, TimeSpan.FromSeconds(1.2)) { Parameter = "p" });

        Assert.Equal(529, context.Response.StatusCode);
        Assert.Equal("text/own", context.Response.ContentType);
        Assert.Equal("2", context.Response.Headers.RetryAfter);
        Assert.Equal("overloaded|No room|p|529", Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray()));
    }

    /// <summary>Documents of vendors name a code in any case.</summary>
    [Theory]
    [InlineData(400, "invalid_request")]
    [InlineData(406, "invalid_request")]
    [InlineData(500, "internal")]
    [InlineData(503, "overloaded")]
    public async Task WriteAsync_OnlyTheStatusIsKnown_DocumentGetsTheCodeOfIt(int status, string code)
    {
        DefaultHttpContext context = NewContext();
        context.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(new OwnDocument()), "own"));

        await Problem.WriteAsync(context, status, "detail");

        Assert.StartsWith($"{code}|detail|", Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WriteAsync_ParameterIsWrong_ProblemNamesIt()
    {
        DefaultHttpContext context = NewContext();

        await Problem.WriteAsync(context, 400, new StreamError("invalid_request", "detail") { Parameter = "messages[0].role" });

        Assert.Equal("messages[0].role", ReadBody(context).GetProperty("parameter").GetString());
    }

    private sealed class OwnDocument : IFailureDocument
    {
        public string ContentType => "text/own";

        public int StatusOf(in StreamError error, int status) => status + 26;

        public void Write(IBufferWriter<byte> body, in StreamError error, int status) =>
            body.Write(Encoding.UTF8.GetBytes($"{error.Code}|{error.Message}|{error.Parameter}|{status}"));
    }

    private static Task WriteAsync(HttpContext context, Exception failure)
    {
        StreamError error = StreamFailure.Describe(failure, null, includeExceptionText: false);
        return Problem.WriteAsync(context, failure, StreamFailure.Status(failure, error), error);
    }

    private static DefaultHttpContext NewContext(Action<IServiceCollection>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        configure?.Invoke(services);
        return new DefaultHttpContext { RequestServices = services.BuildServiceProvider(), Response = { Body = new MemoryStream() } };
    }

    private static JsonElement ReadBody(HttpContext context)
    {
        context.Response.Body.Position = 0;
        return JsonDocument.Parse(context.Response.Body).RootElement.Clone();
    }
}
