namespace Gai.Pipelines.Hosting;

/// <summary>Says what becomes of open streams when the server shuts down. New ones get 503 in any case.</summary>
public enum DrainMode
{
    /// <summary>They may finish until nine tenths of <see cref="EventStreamOptions.DrainTimeout"/> are over; the others are ended then.</summary>
    Finish,

    /// <summary>They are ended at once.</summary>
    EndAtOnce,
}
