namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>A client of somebody else, and what it has to see of our server.</summary>
/// <param name="Name">Its name in test runs.</param>
/// <param name="Title">What a reader calls it, with its version.</param>
/// <param name="Endpoint">What it talks to.</param>
/// <param name="Finish">Its words for why an answer ended.</param>
/// <param name="Errors">The errors that it throws.</param>
internal sealed record ConformanceClient(string Name, string Title, string Endpoint, FinishWords Finish, ErrorWords Errors)
{
    /// <summary>Gets the name under which tests/clients/conformance/clients.mjs knows it, if it runs under Node.</summary>
    public string Script { get; init; } = Name;

    /// <summary>Gets where the model is: in the server that the client talks to, or behind it.</summary>
    public ModelStands Model { get; init; }

    /// <summary>Gets what asks a client of .NET; one of Node has a script.</summary>
    public Func<Uri, Ask, Seen, Task>? AskAsync { get; init; }

    /// <summary>Gets what the client cannot do, case by case, and why.</summary>
    public IReadOnlyDictionary<string, string> CannotDo { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets who runs tools: the client, which declares them, or the server, which tells of calls and results.</summary>
    public ToolsRunOn Tools { get; init; }

    /// <summary>Gets whether the next question goes with the calls and results of tools that the server ran for the last.</summary>
    public bool SendsToolsBack { get; init; }

    /// <summary>Gets whether a request can say how long the answer may be.</summary>
    public bool LimitsTokens { get; init; } = true;

    /// <summary>Gets what the server writes while the model is silent.</summary>
    public string KeepAlive { get; init; } = ": keep-alive";

    public bool Does(ConformanceCase test) => !CannotDo.ContainsKey(test.Name);
}

internal enum ModelStands
{
    InTheServer,
    BehindTheServer,
}

internal enum ToolsRunOn
{
    Client,
    Server,
}

/// <summary>Why an answer ended, in the words of a client.</summary>
internal sealed record FinishWords(string Stop, string Length, string ToolCalls);

/// <summary>The classes of errors of a client.</summary>
/// <param name="InMidStream">The one for an error that comes when the answer has begun.</param>
/// <param name="HasStatus">Whether an error says with which status the server answered.</param>
/// <param name="HasRetryAfter">Whether it says when to try again.</param>
internal sealed record ErrorWords(
    string BadRequest, string Unauthorized, string RateLimited, string Internal, string InMidStream, bool HasStatus = true, bool HasRetryAfter = true)
{
    public static ErrorWords Always(string error, string inMidStream, bool hasRetryAfter = true) =>
        new(error, error, error, error, inMidStream, HasRetryAfter: hasRetryAfter);
}
