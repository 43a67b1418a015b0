using System.Net;
using System.Text.Json.Serialization;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>How a client reaches its server.</summary>
/// <param name="Server">Where it is.</param>
/// <param name="Protocol">What is spoken.</param>
/// <param name="Sources">The addresses that connections come from, by turns; none leaves it to the system.</param>
/// <param name="Threads">How many threads read.</param>
internal sealed record ClientSettings(IPEndPoint Server, Protocol Protocol, IReadOnlyList<IPAddress> Sources, int Threads)
{
    /// <summary>How sockets are waited for.</summary>
    public Waiting Waiting { get; init; } = OperatingSystem.IsLinux() ? Waiting.Epoll : Waiting.Select;
}

/// <summary>How a client waits for its sockets.</summary>
internal enum Waiting
{
    /// <summary>With epoll, on Linux: costs as much as what has come.</summary>
    Epoll,

    /// <summary>With what .NET has everywhere: costs as much as there are streams.</summary>
    Select,
}

/// <summary>What client and server speak.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Protocol>))]
internal enum Protocol
{
    /// <summary>HTTP/1.1, a connection for each stream.</summary>
    Http1,

    /// <summary>HTTP/2 without TLS, as many streams on a connection as the server allows.</summary>
    Http2,
}
