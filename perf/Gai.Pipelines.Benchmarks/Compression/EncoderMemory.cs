using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Gai.Pipelines.Benchmarks.Sinks;
using Gai.Pipelines.Hosting;

namespace Gai.Pipelines.Benchmarks.Compression;

/// <summary>Measures the memory of many encoders as the growth of the resident set, in a process that does nothing else.</summary>
internal static class EncoderMemory
{
    private const int Encoders = 500;
    private const int HostileBytes = 256 * 1024;

    /// <summary>Runs this program again, for one coding. What one measurement frees must not be there for the next.</summary>
    public static async Task<MemoryResult> MeasureAsync(string coding, IReadOnlyList<byte[]> frames)
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(frames));
            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Gai.Pipelines.Benchmarks.dll"), "compression", "memory", coding, file])
            {
                RedirectStandardOutput = true,
            };
            using Process process = Process.Start(start)!;
            string output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return process.ExitCode == 0
                ? JsonSerializer.Deserialize<MemoryResult>(output)!
                : throw new InvalidOperationException($"The measurement of {coding} ended with {process.ExitCode}.");
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The other process.</summary>
    public static int Run(string coding, string file)
    {
        byte[][] frames = JsonSerializer.Deserialize<byte[][]>(File.ReadAllText(file))!;
        PipeWriter output = new NullPipeWriter();

        // One that is not counted loads the code, and whatever that takes.
        using Compressor warm = Create(coding, output);
        Play(warm, frames);
        PlayHostile(warm);
        GC.Collect();

        long before = ResidentBytes();
        Compressor[] encoders = [.. Enumerable.Range(0, Encoders).Select(_ => Create(coding, output))];
        double first = After(encoders, before, encoder => encoder.Write(frames[0]));
        double full = After(encoders, before, encoder => Play(encoder, frames));
        double hostile = After(encoders, before, PlayHostile);
        Console.WriteLine(JsonSerializer.Serialize(new MemoryResult(coding, Encoders, first, full, hostile)));
        return 0;
    }

    public static Compressor Create(string coding, PipeWriter output) =>
        Compressor.Create(coding == "br" ? StreamCompression.Brotli : StreamCompression.Gzip, output);

    /// <summary>Reads what a process has in memory (proc(5)).</summary>
    public static long ResidentBytes(int? processId = null)
    {
        string line = File.ReadLines($"/proc/{processId?.ToString(CultureInfo.InvariantCulture) ?? "self"}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private static double After(Compressor[] encoders, long before, Action<Compressor> play)
    {
        Array.ForEach(encoders, play.Invoke);
        GC.Collect();
        return (ResidentBytes() - before) / 1024.0 / encoders.Length;
    }

    /// <summary>A chat that is longer than the windows.</summary>
    private static void Play(Compressor encoder, byte[][] frames)
    {
        for (int bytes = 0; bytes < 2 * 64 * 1024;)
        {
            foreach (byte[] frame in frames)
            {
                encoder.Write(frame);
                bytes += frame.Length;
            }
        }
    }

    /// <summary>Text in which nothing repeats, in frames as large as they get before they are flushed.</summary>
    private static void PlayHostile(Compressor encoder)
    {
        var random = new Random(1);
        byte[] frame = new byte[16 * 1024];
        for (int bytes = 0; bytes < HostileBytes; bytes += frame.Length)
        {
            random.NextBytes(frame);
            for (int i = 0; i < frame.Length; i++)
            {
                frame[i] = (byte)(' ' + (frame[i] % 95));
            }

            encoder.Write(frame);
        }
    }
}

/// <summary>KiB an encoder: after one event, with its window full, and after text in which nothing repeats.</summary>
internal sealed record MemoryResult(string Coding, int Encoders, double FirstKibi, double FullKibi, double HostileKibi);
