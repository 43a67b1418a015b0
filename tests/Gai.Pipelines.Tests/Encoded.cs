using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests;

/// <summary>Runs encoders into outputs of many shapes and reads what came out with readers that are not ours.</summary>
internal static class Encoded
{
    private static readonly (int Block, BlockMemory Memory, int Filler)[] Layouts =
    [
        (1 << 17, BlockMemory.Array, 0),
        (1, BlockMemory.Array, 0),
        (2, BlockMemory.Array, 1),
        (3, BlockMemory.Array, 0),
        (7, BlockMemory.Opaque, 0),
        (61, BlockMemory.Array, 0),
        (256, BlockMemory.Array, 17),
        (1021, BlockMemory.Array, 1000),
        (4096, BlockMemory.Opaque, 5),
        (4096, BlockMemory.Array, 4000),
        (4096, BlockMemory.Array, 4080),
        (4096, BlockMemory.Array, 4095),
    ];

    /// <summary>Gives the bytes that an encoder writes, after making sure that the shape of the output changes nothing.</summary>
    /// <param name="write">Writes and may commit; what it leaves open is committed. It is called once for every shape.</param>
    public static byte[] Bytes(Action<FrameWriter> write)
    {
        byte[]? first = null;
        foreach ((int block, BlockMemory memory, int filler) in Layouts)
        {
            byte[] bytes = Bytes(write, block, memory, filler);
            first ??= bytes;
            Assert.Equal(first, bytes);
        }

        return first!;
    }

    /// <inheritdoc cref="Bytes(Action{FrameWriter})"/>
    public static string Text(Action<FrameWriter> write) => Encoding.UTF8.GetString(Bytes(write));

    /// <summary>Gives what a dialect writes for some events, each committed as the pump does it.</summary>
    public static string Events<T>(Func<Dialect<T>> begin, params T[] items) =>
        Text(output =>
        {
            Dialect<T> dialect = begin();
            foreach (T item in items)
            {
                dialect.WriteEvent(output, item);
                output.Commit();
            }
        });

    /// <summary>Reads an event stream with our reading of the standard and with the framework's parser, which must agree.</summary>
    public static WhatwgClient ReadSse(byte[] bytes)
    {
        Assert.False(bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble), "The stream begins with a byte order mark.");
        WhatwgClient client = WhatwgClient.Read(bytes);
        Assert.False(client.EndedInsideBlock, "The last frame has no blank line.");

        using var stream = new MemoryStream(bytes);
        SseParser<string> parser = SseParser.Create(stream);
        SseItem<string>[] items = [.. parser.Enumerate()];
        Assert.Equal(
            client.Events.Select(one => (one.Type, one.Data)),
            items.Select(item => (item.EventType, item.Data)));
        if (client.Events.Count > 0)
        {
            Assert.Equal(client.Events[^1].LastEventId, parser.LastEventId);
        }

        return client;
    }

    /// <summary>Encodes one frame, reads it back and gives the one event in it.</summary>
    public static WhatwgEvent OneEvent(Action<FrameWriter> write) => Assert.Single(ReadSse(Bytes(write)).Events);

    /// <summary>Makes sure that something is refused with a text that tells what to do, and that nothing of it gets out.</summary>
    public static TException Refused<TException>(Action<FrameWriter> write)
        where TException : Exception
    {
        var output = new BlockBufferWriter(64);
        var frames = new FrameWriter(output);
        frames.Write("before"u8);
        frames.Commit();
        TException failure = Assert.ThrowsAny<TException>(() =>
        {
            write(frames);
            frames.Commit();
        });
        frames.Discard();
        frames.Write("after"u8);
        frames.Commit();
        frames.Publish();
        Assert.Equal("beforeafter", Encoding.UTF8.GetString(output.ToArray()));
        return failure;
    }

    /// <summary>Runs a test under the cultures whose digits, signs and letters have broken other encoders.</summary>
    public static void InEveryCulture(Action test)
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            foreach (string name in (string[])["fa-IR", "ar-SA", "sv-SE", "tr-TR"])
            {
                CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(name);
                test();
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static byte[] Bytes(Action<FrameWriter> write, int block, BlockMemory memory, int filler)
    {
        var output = new BlockBufferWriter(block, memory);
        var frames = new FrameWriter(output);
        frames.Write(new byte[filler]);
        frames.Commit();
        write(frames);
        frames.Commit();
        frames.Publish();
        byte[] all = output.ToArray();
        Assert.Equal(all.Length, frames.CommittedBytes);
        return all[filler..];
    }
}
