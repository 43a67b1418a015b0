using Gai.Pipelines.FaultHost;

// A process of its own for what would disturb, or be disturbed by, those who test it: its first argument says what it is.
// It ends when its standard input does, so that it never outlives them.
switch (args)
{
    case ["server", ..]:
        return ServerRole.Run(args[1..]);
    case ["clients", string port, string version, string count, string path]:
        return await ClientsRole.RunAsync(Wire.Port(port), version, Wire.Count(count), path);
    case ["reader", string address, string version]:
        return await ReaderRole.RunAsync(new Uri(address), version);
    default:
        await Console.Error.WriteLineAsync("server [--Option=value ...] | clients <port> <1.1|2> <count> <path> | reader <address> <1.1|2>");
        return 2;
}
