namespace Gai.Pipelines.Hosting;

/// <summary>Finds the dialect of a response that reads a log, by the name that the log has it under: for streams that another server began.</summary>
internal static class LogDialects
{
    private const string Gai = "gai";
    private const string GaiEvents = "gai.events.v1";
    private const string Plain = "plain";
    private const string Other = "other";

    public static string NameOf<T>(DialectFactory<T> dialects) =>
        ReferenceEquals(dialects, Dialects.Gai) ? Gai : ReferenceEquals(dialects, Dialects.GaiEvents) ? GaiEvents : typeof(T) == typeof(StreamEvent) ? Other : Plain;

    /// <summary>Whether the last frame of a log that has failed tells so: plain has no record for it, and a copy of another server's log cannot know.</summary>
    public static bool TellsFailure(LogDescription log) => log.Dialect != Plain;

    /// <summary>Makes the dialects of a response. All that they write is what opens it, keeps it alive, and tells of gaps and of errors that are not in the log.</summary>
    public static DialectFactory<LogFrames> Of(string name, LogCursor cursor) => name switch
    {
        Gai => cursor.DialectsOver(Dialects.Gai),
        GaiEvents => cursor.DialectsOver(Dialects.GaiEvents),
        _ => cursor.DialectsOver(Dialects.Plain<string>(null)),
    };
}
