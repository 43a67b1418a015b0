using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Gai.Pipelines.Tests.Client;

/// <summary>Answers request by request what a test has written down; the last answer again and again.</summary>
internal sealed class ScriptedServer(params Func<HttpRequestMessage, HttpResponseMessage>[] answers) : HttpMessageHandler
{
    private int _requests;

    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Gets what each request has sent as <c>Last-Event-ID</c>.</summary>
    public List<string?> LastEventIds { get; } = [];

    public static Func<HttpRequestMessage, HttpResponseMessage> Stream(string body, string type = "text/event-stream") => _ =>
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
    };

    /// <summary>Answers with a stream that the test writes.</summary>
    public static Func<HttpRequestMessage, HttpResponseMessage> Live(Pipe pipe) => _ =>
    {
        var content = new StreamContent(pipe.Reader.AsStream());
        content.Headers.ContentType = new MediaTypeHeaderValue("text/event-stream");
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
    };

    /// <summary>Answers with a stream whose connection breaks behind what is given.</summary>
    public static Func<HttpRequestMessage, HttpResponseMessage> Broken(string body, IOException failure) => _ =>
    {
        var content = new StreamContent(new BrokenStream(Encoding.UTF8.GetBytes(body), failure));
        content.Headers.ContentType = new MediaTypeHeaderValue("text/event-stream");
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
    };

    public static Func<HttpRequestMessage, HttpResponseMessage> Status(int status, string? retryAfter = null) => _ =>
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent([]) };
        if (retryAfter is not null)
        {
            response.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
        }

        return response;
    };

    public static Func<HttpRequestMessage, HttpResponseMessage> Throws(Exception failure) => _ => throw failure;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LastEventIds.Add(request.Headers.NonValidated.TryGetValues("Last-Event-ID", out HeaderStringValues id) ? id.ToString() : null);
        int number = Interlocked.Increment(ref _requests) - 1;
        return Task.FromResult(answers[Math.Min(number, answers.Length - 1)](request));
    }
}

/// <summary>Gives some bytes and then breaks.</summary>
internal sealed class BrokenStream(byte[] bytes, IOException failure) : MemoryStream(bytes)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await base.ReadAsync(buffer, cancellationToken);
        return count > 0 ? count : throw failure;
    }
}

/// <summary>Says always the same.</summary>
internal sealed class FixedRandom(double value) : Random
{
    public override double NextDouble() => value;
}
