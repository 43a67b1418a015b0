using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Gai.Pipelines.FunctionalTests.Requests;

/// <summary>A request body that a test writes while the response comes.</summary>
internal sealed class RecordsContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RecordsContent() => Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");

    public async Task WriteAsync(string text) => await WriteAsync(Encoding.UTF8.GetBytes(text));

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        Stream stream = await _open.Task;
        await stream.WriteAsync(bytes);
        await stream.FlushAsync();
    }

    public void End() => _end.TrySetResult();

    /// <summary>Ends the body as a client does that goes away in the middle.</summary>
    public void Break() => _end.TrySetException(new IOException("The client goes away."));

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.FlushAsync();
        _open.TrySetResult(stream);
        await _end.Task;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
