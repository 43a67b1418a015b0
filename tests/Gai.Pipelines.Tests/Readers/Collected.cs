using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Serialization.Metadata;

namespace Gai.Pipelines.Tests.Readers;

/// <summary>Reads streams to their end, good or bad.</summary>
internal static class Collected
{
    /// <summary>What has not happened by then never will.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Moves on without waiting: everything must be there.</summary>
    public static bool Next<T>(IAsyncEnumerator<T> each)
    {
#pragma warning disable CA2012 // It is over, and taken once.
        ValueTask<bool> move = each.MoveNextAsync();
        Assert.True(move.IsCompleted);
        return move.GetAwaiter().GetResult();
#pragma warning restore CA2012
    }

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    public static PieceReader Pipe(string text, params int[] sizes) => PieceReader.Of(Utf8(text), sizes);

    /// <summary>Gives what came, and what it ended with.</summary>
    public static async Task<(List<T> Items, Exception? Failure)> AllAsync<T>(IAsyncEnumerable<T> source)
    {
        var items = new List<T>();
        try
        {
            await foreach (T item in source)
            {
                items.Add(item);
            }

            return (items, null);
        }
        catch (Exception failure)
        {
            return (items, failure);
        }
    }

    public static Task<(List<T?> Items, Exception? Failure)> RecordsAsync<T>(PipeReader pipe, JsonTypeInfo<T> typeInfo, NdjsonReaderOptions? options = null) =>
        AllAsync(NdjsonReader.ReadAsync(pipe, typeInfo, options, TestContext.Current.CancellationToken));

    /// <summary>Gives the data of all events.</summary>
    public static Task<(List<string> Items, Exception? Failure)> EventsAsync(PipeReader pipe, SseReaderOptions? options = null) =>
        AllAsync(DataAsync(new SseReader(pipe, options)));

    public static async IAsyncEnumerable<string> DataAsync(SseReader reader)
    {
        await foreach (SseFrame frame in reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            yield return frame.Data;
        }
    }

    /// <summary>Runs something for a stream whole, byte by byte, with a segment for each byte, and cut in two at each place.</summary>
    public static async Task InAllLayoutsAsync(string text, Func<PieceReader, Task> test)
    {
        foreach ((string layout, PieceReader pipe) in PieceReader.Layouts(Utf8(text)))
        {
            try
            {
                await test(pipe);
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"{layout}: {failure.Message}", failure);
            }
        }
    }
}
