namespace Gai.Pipelines;

/// <summary>Tells a producer that the log is no longer its own: it has ended, was declared lost or was removed. The producer must stop.</summary>
public sealed class LogFencedException : Exception
{
    /// <summary>Tells it.</summary>
    /// <param name="log">The log.</param>
    public LogFencedException(LogId log)
        : base("The log has ended, was declared lost or was removed while its producer was still at work. The producer stops; its frames beyond that are not kept.") =>
        Log = log;

    /// <summary>Gets the log. It is not in the text: its id opens it.</summary>
    public LogId Log { get; }
}
