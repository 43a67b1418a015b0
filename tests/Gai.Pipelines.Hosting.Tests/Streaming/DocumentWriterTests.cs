using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Gai.Pipelines.Hosting.Tests.Streaming;

public sealed class DocumentWriterTests
{
    [Theory]
    [InlineData(new string[0], "[]")]
    [InlineData(new[] { "1\n" }, "[1]")]
    [InlineData(new[] { "1\n", "\"a,b\"\n", "{\"c\":[]}\n" }, "[1,\"a,b\",{\"c\":[]}]")]
    public void ToDocument_Records_MakesOneArray(string[] records, string expected)
    {
        using var document = new DocumentWriter(1000);
        foreach (string record in records)
        {
            document.Write(Encoding.UTF8.GetBytes(record));
        }

        Assert.Equal(expected, Encoding.UTF8.GetString(document.ToDocument(DocumentShape.ArrayOfRecords).Span));
    }

    [Fact]
    public void ToDocument_OneValue_IsWhatWasWritten()
    {
        using var document = new DocumentWriter(1000);
        document.Write("{\"a\":1}\n"u8);

        Assert.Equal("{\"a\":1}\n", Encoding.UTF8.GetString(document.ToDocument(DocumentShape.OneValue).Span));
    }

    [Fact]
    public void ToDocument_ManyRecords_KeepsThemAll()
    {
        using var document = new DocumentWriter(1 << 20);
        for (int i = 0; i < 20_000; i++)
        {
            document.Write(Encoding.UTF8.GetBytes($"{i}\n"));
        }

        int[] read = JsonSerializer.Deserialize<int[]>(document.ToDocument(DocumentShape.ArrayOfRecords).Span)!;
        Assert.Equal(Enumerable.Range(0, 20_000), read);
    }

    [Fact]
    public void Advance_ExactlyTheLimit_Fits()
    {
        using var document = new DocumentWriter(10);

        document.Write("12345678\n"u8);

        Assert.Equal("[12345678]", Encoding.UTF8.GetString(document.ToDocument(DocumentShape.ArrayOfRecords).Span));
    }

    [Fact]
    public void Advance_OneByteMore_SaysTheLimitAndTheRemedy()
    {
        using var document = new DocumentWriter(1000);
        document.Write(new byte[998]);

        DocumentTooLargeException failure = Assert.Throws<DocumentTooLargeException>(() => document.Write(new byte[2]));

        Assert.Contains("1,000 bytes", failure.Message, StringComparison.Ordinal);
        Assert.Contains("text/event-stream", failure.Message, StringComparison.Ordinal);
    }
}
