using System.Globalization;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>A server under test and its options, as they are written on the command line: <c>gai+window=50+gc=workstation</c>.</summary>
internal sealed class ContenderSpec
{
    /// <summary>The options there are, and what they are for.</summary>
    public static readonly IReadOnlyList<(string Name, string Does)> Options =
    [
        ("window=MS", "gai, good: flush by a window of so many milliseconds instead of when nothing is ready"),
        ("source=pull|channel", "gai: how it takes what others produce (default channel), and whether an idle stream is pulled (default) or a channel"),
        ("keep-alive=S", "gai: the interval; 0 is off"),
        ("unflushed=BYTES", "gai, good, copy: the most that is held before a flush"),
        ("capacity=N", "how many events the channel of a stream holds (default 256)"),
        ("resumable", "gai: a burst is written into a log, from which its client reads"),
        ("pool", "gai: each stream whose channel has something, and each reader of a log, is queued to the thread pool, instead of one after the other on one thread"),
        ("inline", "the channels of streams run their continuations on the producer's thread; gai: and none go through its ready queue, as with pool"),
        ("loop", "copy: the frames of a burst come from a loop over an array instead of the source that all have"),
        ("head", "bare: sends the head of the response before it waits"),
        ("kestrel-inline", "Kestrel's UnsafePreferInlineScheduling"),
        ("io-queues=N", "Kestrel's IOQueueCount"),
        ("backlog=N", "how many connections may wait to be accepted (default 4096, where Kestrel's own is 512: see Backlog in perf/README.md)"),
        ("max-response-buffer=BYTES", "Kestrel's MaxResponseBufferSize"),
        ("send-buffer=BYTES", "the system's buffer for what a connection sends, which otherwise grows to megabytes for a client that does not read"),
        ("gc=server|workstation", "the garbage collector (default server, as ASP.NET Core has it)"),
        ("env:NAME=VALUE", "any variable of the server's environment, such as env:DOTNET_GCConserveMemory=5"),
    ];

    private const string Variable = "env:";

    private readonly Dictionary<string, string> _options;

    private ContenderSpec(string text, string name, Dictionary<string, string> options)
    {
        Text = text;
        Name = name;
        _options = options;
    }

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
            bool isKnown = name.StartsWith(Variable, StringComparison.Ordinal) ? at > 0 : Options.Any(option => option.Name.Split('=')[0] == name && option.Name.Contains('=', StringComparison.Ordinal) == at > 0);
            if (!isKnown)
            {
                throw new FormatException($"'{part}' is no option of a server; there are {string.Join(", ", Options.Select(static option => option.Name))}.");
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
    public int? Number(string option) => Get(option) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    /// <summary>The environment of the server's process.</summary>
    public IReadOnlyDictionary<string, string> Environment()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["DOTNET_gcServer"] = Get("gc") == "workstation" ? "0" : "1" };
        foreach ((string name, string value) in _options.Where(static option => option.Key.StartsWith(Variable, StringComparison.Ordinal)))
        {
            environment[name[Variable.Length..]] = value;
        }

        return environment;
    }
}
