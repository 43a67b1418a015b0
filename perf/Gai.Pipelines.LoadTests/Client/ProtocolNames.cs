namespace Gai.Pipelines.LoadTests.Client;

/// <summary>What protocols are called on the command line and in texts.</summary>
internal static class ProtocolNames
{
    /// <summary>Gets a protocol by its name.</summary>
    public static Protocol Of(string name) => name switch
    {
        "h1" => Protocol.Http1,
        "h2" => Protocol.Http2,
        _ => throw new ArgumentException($"There is no protocol '{name}'; there are h1 and h2."),
    };

    /// <summary>How it is written for people.</summary>
    public static string Text(this Protocol protocol) => protocol == Protocol.Http1 ? "HTTP/1.1" : "HTTP/2";
}
