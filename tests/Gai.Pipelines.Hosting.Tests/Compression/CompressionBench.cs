using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using Gai.Pipelines.Hosting.Tests.Lifetime;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.Hosting.Tests.Compression;

/// <summary>A compressed body between a writer and a reader that decompresses with the framework's streams.</summary>
internal sealed class CompressionBench : IDisposable
{
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly CopyingStream _wire;
    private readonly Stream _reader;
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public CompressionBench(string coding, PipeWriter? body = null, TimeProvider? time = null)
    {
        Scheduler = new StreamScheduler(time ?? TimeProvider.System);
        Context = new DefaultHttpContext();
        Context.Features.Set<IHttpResponseBodyFeature>(new Body(body ?? _pipe.Writer));
        Context.Features.Set<IHttpRequestLifetimeFeature>(Aborts);
        Context.Request.Headers.AcceptEncoding = coding;
        Streams = NewStreams();
        Compressed = Streams.Begin(Context, Profile(StreamCompression.Gzip | StreamCompression.Brotli))!;
        _wire = new CopyingStream(_pipe.Reader.AsStream());
        _reader = coding == "br" ? new BrotliStream(_wire, CompressionMode.Decompress) : new GZipStream(_wire, CompressionMode.Decompress);
    }

    public DefaultHttpContext Context { get; }

    public AbortFeature Aborts { get; } = new();

    public StreamScheduler Scheduler { get; }

    public CompressedStreams Streams { get; }

    public CompressedBody Compressed { get; }

    /// <summary>Gets all that came over the wire and was read.</summary>
    public byte[] Wire => _wire.Copy.ToArray();

    public CompressedStreams NewStreams(int most = 1000) => new(
        Microsoft.Extensions.Options.Options.Create(new EventStreamOptions { MaxCompressedStreams = most }),
        _services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>());

    public EventStreamProfile Profile(StreamCompression compression) => new(new EventStreamOptions { Compression = compression }, Scheduler, null);

    public void Write(string text) => Write(Encoding.UTF8.GetBytes(text));

    public void Write(byte[] bytes)
    {
        bytes.CopyTo(Compressed.GetSpan(bytes.Length));
        Compressed.Advance(bytes.Length);
    }

    /// <summary>Reads so many bytes, decompressed, which must be there.</summary>
    public async Task<byte[]> ReadAsync(int count)
    {
        byte[] bytes = new byte[count];
        await _reader.ReadExactlyAsync(bytes).AsTask().OrFail($"{count} bytes more");
        return bytes;
    }

    public async Task<string> ReadTextAsync(int bytes) => Encoding.UTF8.GetString(await ReadAsync(bytes));

    /// <summary>Ends the wire and reads the rest, decompressed.</summary>
    public async Task<byte[]> ReadRestAsync()
    {
        await _pipe.Writer.CompleteAsync();
        using var rest = new MemoryStream();
        await _reader.CopyToAsync(rest).OrFail("the rest");
        return rest.ToArray();
    }

    /// <summary>Ends the wire and reads the rest as it is.</summary>
    public async Task<byte[]> ReadRestOfTheWireAsync()
    {
        await _pipe.Writer.CompleteAsync();
        await _wire.CopyToAsync(Stream.Null).OrFail("the rest");
        return Wire;
    }

    public void Dispose()
    {
        Scheduler.Dispose();
        _services.Dispose();
    }

    private sealed class Body(PipeWriter writer) : IHttpResponseBodyFeature
    {
        public Stream Stream => Writer.AsStream();

        public PipeWriter Writer { get; } = writer;

        public Task CompleteAsync() => Task.CompletedTask;

        public void DisableBuffering()
        {
        }

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;
    }

    /// <summary>Keeps a copy of what is read through it.</summary>
    private sealed class CopyingStream(Stream inner) : Stream
    {
        public MemoryStream Copy { get; } = new();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int count = await inner.ReadAsync(buffer, cancellationToken);
            Copy.Write(buffer.Span[..count]);
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
