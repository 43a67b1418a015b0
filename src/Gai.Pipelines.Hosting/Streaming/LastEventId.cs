using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>What a client that connects again has seen (WHATWG HTML 9.2.4).</summary>
internal static class LastEventId
{
    public const string HeaderName = "Last-Event-ID";

    /// <summary>Whether the client has seen the end of its stream.</summary>
    public static bool IsTerminal(HttpRequest request) => TerminalEventId.Contains(request.Headers[HeaderName]);
}
