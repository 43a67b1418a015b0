using System.Globalization;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>A server under test and its options, as they are written on the command line: <c>gai+window=50+gc=workstation</c>.</summary>
internal sealed class ContenderSpec
{
    private static readonly string[] All = [.. Contenders.All.Select(static contender => contender.Name)];
    private static readonly string[] Ours = [GaiContender.Name, GaiTypedContender.Name, GaiLogContender.Name];
    private static readonly string[] OverKestrel = [.. All.Except([RawServer.Name])];
    private static readonly string[] WithChannels = [.. OverKestrel.Except([GaiLogContender.Name, BareContender.Name])];

    private readonly Dictionary<string, string> _options;

    private ContenderSpec(string text, string name, Dictionary<string, string> options)
    {
        Text = text;
        Name = name;
        _options = options;
    }

    /// <summary>The options there are, and what they are for.</summary>
    public static IReadOnlyList<ContenderOption> Options { get; } =
    [
        new("window=MS", [.. Ours, GoodContender.Name], "flush by a window of so many milliseconds instead of when nothing is ready"),
        new("source=pull|channel", WithChannels, "how it takes what others produce (default channel), and whether an idle stream is pulled (default) or a channel"),
        new("keep-alive=S", Ours, "the interval; 0 is off"),
        new("unflushed=BYTES", [.. Ours, GoodContender.Name, CopyContender.Name], "the most that is held before a flush"),
        new("capacity=N", WithChannels, "how many events the channel of a stream holds (default 256)"),
        new("resumable", [GaiContender.Name], "a burst is written into a log, from which its client reads"),
        new("pool", Ours, "each stream whose channel has something, and each reader of a log, is queued to the thread pool, instead of one after the other on one thread"),
        new("inline", [.. WithChannels, GaiLogContender.Name], "the channels of streams run their continuations on the producer's thread; with gai none go through its ready queue, as with pool"),
        new("loop", [CopyContender.Name], "the frames of a burst come from a loop over an array instead of the source that all have"),
        new("head", [BareContender.Name], "sends the head of the response before it waits"),
        new("kestrel-inline", OverKestrel, "Kestrel's UnsafePreferInlineScheduling"),
        new("io-queues=N", OverKestrel, "Kestrel's IOQueueCount"),
        new("backlog=N", OverKestrel, "how many connections may wait to be accepted (default 4096, where Kestrel's own is 512: see Backlog in perf/README.md)"),
        new("max-response-buffer=BYTES", OverKestrel, "Kestrel's MaxResponseBufferSize"),
        new("send-buffer=BYTES", OverKestrel, "the system's buffer for what a connection sends, which otherwise grows to megabytes for a client that does not read"),
        new("gc=server|workstation", All, "the garbage collector (default server, as ASP.NET Core has it)"),
        new("env:NAME=VALUE", All, "any variable of the server's environment, such as env:DOTNET_GCConserveMemory=5"),
    ];

    /// <summary>All of it, as it was written.</summary>
    public string Text { get; }

    /// <summary>Which server.</summary>
    public string Name { get; }

    /// <summary>Reads what was written.</summary>
    /// <exception cref="FormatException">There is no such server or option.</exception>
    public static ContenderSpec Parse(string text)
    {
        string[] parts = text.Split('+');
        if (!Contenders.All.Any(contender => contender.Name == parts[0]))
        {
            throw new FormatException($"There is no server '{parts[0]}'; there are {string.Join(", ", Contenders.All.Select(static contender => contender.Name))}.");
        }

        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string part in parts[1..])
        {
            int at = part.IndexOf('=', StringComparison.Ordinal);
            string name = at < 0 ? part : part[..at];
            ContenderOption option = Options.FirstOrDefault(option => option.Is(name, hasValue: at > 0))
                ?? throw new FormatException($"'{part}' is no option of a server; there are {string.Join(", ", Options.Select(static option => option.Name))}.");
            if (!option.Servers.Contains(parts[0]))
            {
                throw new FormatException($"'{part}' does nothing to the server '{parts[0]}': it is for {string.Join(", ", option.Servers)}.");
            }

            options[name] = at < 0 ? string.Empty : part[(at + 1)..];
        }

        return new ContenderSpec(text, parts[0], options);
    }

    /// <summary>Tells whether an option is there.</summary>
    public bool Has(string option) => _options.ContainsKey(option);

    /// <summary>Gets an option.</summary>
    public string? Get(string option) => _options.GetValueOrDefault(option);

    /// <summary>Gets an option that is a number.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public int? Number(string option) => Get(option) is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
        : throw new FormatException($"'{option}={text}': {option} is a number from 0 to {int.MaxValue}.");

    /// <summary>The environment of the server's process.</summary>
    public IReadOnlyDictionary<string, string> Environment()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["DOTNET_gcServer"] = Get("gc") == "workstation" ? "0" : "1" };
        foreach ((string name, string value) in _options.Where(static option => option.Key.StartsWith(ContenderOption.Variable, StringComparison.Ordinal)))
        {
            environment[name[ContenderOption.Variable.Length..]] = value;
        }

        return environment;
    }
}

/// <summary>An option of servers.</summary>
/// <param name="Name">How it is written.</param>
/// <param name="Servers">To which servers it does something.</param>
/// <param name="Does">What.</param>
internal sealed record ContenderOption(string Name, IReadOnlyList<string> Servers, string Does)
{
    /// <summary>Begins the name of an option that is any variable of the environment.</summary>
    public const string Variable = "env:";

    /// <summary>Whether a name on the command line is this option.</summary>
    public bool Is(string name, bool hasValue) =>
        hasValue == Name.Contains('=', StringComparison.Ordinal) &&
        (Name.StartsWith(Variable, StringComparison.Ordinal) ? name.StartsWith(Variable, StringComparison.Ordinal) : name == Name.Split('=')[0]);
}
