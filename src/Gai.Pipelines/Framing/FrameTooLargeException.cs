namespace Gai.Pipelines;

/// <summary>Tells that an event would make a frame larger than the limit. Nothing of the frame was sent.</summary>
public sealed class FrameTooLargeException : Exception
{
    /// <summary>Tells it.</summary>
    /// <param name="maxFrameBytes">The limit, in bytes.</param>
    public FrameTooLargeException(int maxFrameBytes)
        : base(string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"An event makes a frame of more than {maxFrameBytes:N0} bytes. Split the event or raise MaxFrameBytes.")) =>
        MaxFrameBytes = maxFrameBytes;

    /// <summary>Gets the limit, in bytes.</summary>
    public int MaxFrameBytes { get; }
}
