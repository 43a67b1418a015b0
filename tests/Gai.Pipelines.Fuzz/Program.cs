using System.Diagnostics;
using System.Globalization;
using Gai.Pipelines.Fuzz;

const string Usage = """
    Makes random frames with hostile fields, through all encoders and dialects, and has them read by parsers of others.
      --frames N   how many frames; 10000000 by default
      --seed S     where chance begins; a new one by default. It is printed
      --stream K   only one stream of that seed: what a difference names
    """;

long frames = 10_000_000;
long? stream = null;
ulong seed = (ulong)Stopwatch.GetTimestamp() % 1_000_000_000;
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
for (int i = 0; i + 1 < args.Length; i += 2)
{
    ulong value = ulong.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : ulong.MaxValue;
    switch (args[i])
    {
        case "--frames" when value <= long.MaxValue:
            frames = (long)value;
            break;
        case "--stream" when value <= long.MaxValue:
            stream = (long)value;
            break;
        case "--seed" when value != ulong.MaxValue:
            seed = value;
            break;
        default:
            Console.Error.WriteLine(Usage);
            return 2;
    }
}

if (args.Length % 2 != 0)
{
    Console.Error.WriteLine(Usage);
    return 2;
}

if (!await FuzzRun.SeesForgeriesAsync())
{
    Console.Error.WriteLine("A forged frame was not noticed: what this would say of others is worth nothing.");
    return 1;
}

Console.WriteLine($"Seed {seed}.");
var run = new FuzzRun(seed, frames);
return await (stream is { } one ? run.RepeatAsync(one) : run.RunAsync()) ? 0 : 1;
