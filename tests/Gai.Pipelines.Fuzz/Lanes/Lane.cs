namespace Gai.Pipelines.Fuzz;

/// <summary>How the bytes of a stream are read.</summary>
internal enum Reading
{
    /// <summary>Server-Sent Events whose data is text.</summary>
    EventsOfText = 0,

    /// <summary>Server-Sent Events whose data is JSON.</summary>
    EventsOfJson = 1,

    /// <summary>One JSON value a line.</summary>
    Records = 2,
}

/// <summary>One way to write frames: an encoder or a dialect.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Reading">How what it writes is read.</param>
/// <param name="Weight">How many of the frames are made this way, compared with the others.</param>
/// <param name="Begin">Begins a stream.</param>
internal sealed record Lane(string Name, Reading Reading, int Weight, Func<Choices, FuzzStream> Begin)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Lane> All { get; } = [.. EncoderLanes.All, .. PlainLanes.All, .. GaiLanes.All, .. VendorLanes.All];
}

/// <summary>One stream of a lane.</summary>
internal abstract class FuzzStream
{
    /// <summary>Whether all that is read was written down before. Otherwise both parsers must agree, and <see cref="Judge"/> must have nothing to say.</summary>
    public virtual bool IsExact => true;

    /// <summary>Writes what comes before the first event.</summary>
    public virtual void Open(FrameWriter output, Expected expected)
    {
    }

    /// <summary>Writes one thing, of no, one or more frames, and says what must be read of it.</summary>
    public abstract void Write(Choices choices, FrameWriter output, Expected expected);

    /// <summary>Writes what comes behind the last event.</summary>
    public virtual void Close(Choices choices, FrameWriter output, Expected expected)
    {
    }

    /// <summary>Says what is wrong with what both parsers have read and agree upon.</summary>
    public virtual string? Judge(ReadOnlySpan<byte> read) => null;
}

/// <summary>What must happen besides what is read.</summary>
internal static class Must
{
    /// <summary>Makes sure that something is refused. Nothing of it stays in the frame.</summary>
    public static void Refuse<TException>(FrameWriter output, string what, Action write)
        where TException : Exception
    {
        try
        {
            write();
        }
        catch (TException)
        {
            output.Discard();
            return;
        }

        throw new FuzzException($"{what} was not refused.");
    }
}

/// <summary>Tells that something went wrong that has no place in what was read.</summary>
internal sealed class FuzzException(string message) : Exception(message);
