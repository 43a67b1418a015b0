using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Servers;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>Where the servers of a run come from: a new process each time.</summary>
internal class ServerSource
{
    /// <summary>Gets a server.</summary>
    public virtual Task<ServerProcess> TakeAsync(ContenderSpec spec, WireFormat format) => ServerProcess.StartAsync(spec, format);

    /// <summary>Gives it back.</summary>
    /// <param name="server">The server.</param>
    /// <param name="isGood">Whether it may be used again.</param>
    public virtual ValueTask GiveBackAsync(ServerProcess server, bool isGood) => server.DisposeAsync();
}

/// <summary>Keeps servers for the next one who needs the same: no measure, but quick.</summary>
internal sealed class ServerPool : ServerSource, IAsyncDisposable
{
    private readonly Dictionary<(string Spec, string Format), ServerProcess> _idle = [];
    private readonly Dictionary<ServerProcess, (string Spec, string Format)> _kinds = [];

    public override async Task<ServerProcess> TakeAsync(ContenderSpec spec, WireFormat format)
    {
        (string, string) kind = (spec.Text, format.Name);
        if (!_idle.Remove(kind, out ServerProcess? server))
        {
            server = await base.TakeAsync(spec, format);
            _kinds[server] = kind;
        }

        return server;
    }

    public override ValueTask GiveBackAsync(ServerProcess server, bool isGood)
    {
        if (isGood)
        {
            _idle[_kinds[server]] = server;
            return default;
        }

        return server.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ServerProcess server in _idle.Values)
        {
            await server.DisposeAsync();
        }
    }
}
