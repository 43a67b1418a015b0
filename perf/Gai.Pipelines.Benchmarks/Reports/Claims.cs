using Gai.Pipelines.Benchmarks.Encoders;
using Gai.Pipelines.Benchmarks.Pump;
using Gai.Pipelines.Benchmarks.Readers;

namespace Gai.Pipelines.Benchmarks.Reports;

/// <summary>What PERFORMANCE.md claims, and which benchmarks decide it.</summary>
internal static class Claims
{
    private const string Ours = "Gai";

    private static readonly string[] Copies = ["Copy", "CopyThroughFrameWriter"];
    private static readonly string[] JsonWriters = ["JsonWriter", "JsonWriterTuned"];

    /// <summary>The benchmarks that the claims need.</summary>
    public static IReadOnlyList<Type> Benchmarks { get; } =
    [
        typeof(SseEncoderClaims),
        typeof(NdjsonEncoderClaims),
        typeof(PumpClaims),
        typeof(PumpAllocationClaims),
        typeof(ResponseClaims),
        typeof(NdjsonReaderClaims),
        typeof(SseReaderClaims),
        typeof(SseReaderDataClaims),
        typeof(ReaderAttackClaims),
        typeof(VendorDialectClaims),
    ];

    public static IReadOnlyList<Claim> All { get; } =
    [
        new RatioClaim("Text delta as an SSE frame against a plain copy of its bytes", nameof(SseEncoderClaims), Ours, Copies, 3),
        new RatioClaim("The same frame against Utf8JsonWriter", nameof(SseEncoderClaims), Ours, JsonWriters, 0.35),
        new AllocationClaim("The same frame: allocated", nameof(SseEncoderClaims), Ours),
        new RatioClaim("Text delta as an NDJSON record against a plain copy of its bytes", nameof(NdjsonEncoderClaims), Ours, Copies, 3.5),
        new AllocationClaim("The same record: allocated", nameof(NdjsonEncoderClaims), Ours),
        new RatioClaim(
            "Pump, 1,000 events of an async iterator, against SseFormatter that writes their JSON",
            nameof(PumpClaims),
            Ours,
            [nameof(PumpClaims.FormatterWithJsonWriter)],
            0.3),
        new RatioClaim(
            "The same against SseFormatter that is given finished JSON",
            nameof(PumpClaims),
            Ours,
            [nameof(PumpClaims.FormatterOfStrings), nameof(PumpClaims.FormatterOfBytes)],
            0.3),
        new SlopeClaim("Pump: allocated per event", nameof(PumpAllocationClaims), Ours, nameof(PumpAllocationClaims.Events) + "=", 1_000, 4_000),
        new TimeClaim("100 text deltas of 14 letters as one SSE response, in process", nameof(ResponseClaims), Ours, 5_000),
        new RatioClaim(
            "NdjsonReader, 10,000 small records from a pipe, against a bare JsonSerializer.Deserialize of each",
            nameof(NdjsonReaderClaims),
            Ours,
            [nameof(NdjsonReaderClaims.BareDeserialize)],
            1.3),
        new RatioClaim(
            "The same against DeserializeAsyncEnumerable(topLevelValues: true) from the same pipe",
            nameof(NdjsonReaderClaims),
            Ours,
            [nameof(NdjsonReaderClaims.TopLevelValues)],
            1),
        new RatioClaim(
            "The same records from a stream, against DeserializeAsyncEnumerable from a stream",
            nameof(NdjsonReaderClaims),
            nameof(NdjsonReaderClaims.GaiOfStream),
            [nameof(NdjsonReaderClaims.TopLevelValuesOfStream)],
            1),
        new RatioClaim(
            "SseReader, events with a name and a line of data, against SseParser",
            nameof(SseReaderClaims),
            Ours,
            [nameof(SseReaderClaims.Framework)],
            1 / 1.5),
        new RatioClaim(
            "SseReader, events with a line of data alone, against SseParser",
            nameof(SseReaderDataClaims),
            Ours,
            [nameof(SseReaderDataClaims.Framework)],
            1 / 1.5),
        new AllocationClaim("The same: allocated per event", nameof(SseReaderDataClaims), Ours),
        new AllocationClaim("With a name: allocated per event", nameof(SseReaderClaims), Ours),
        .. Vendors(),
        Linear("SseReader, a line without an end, 1 MiB as one stream with a limit of 1 MiB against four with 256 KiB", nameof(ReaderAttackClaims.SseWithoutLineEnd)),
        Linear("The same, tiny lines of data without a blank line", nameof(ReaderAttackClaims.SseTinyLines)),
        Linear("The same, a line one byte at a time", nameof(ReaderAttackClaims.SseByteByByte)),
        Linear("NdjsonReader, a record without an end, in the same way", nameof(ReaderAttackClaims.NdjsonWithoutLineEnd)),
        Linear("The same, one byte at a time", nameof(ReaderAttackClaims.NdjsonByteByByte)),
    ];

    private static IEnumerable<Claim> Vendors()
    {
        foreach ((string dialect, string method) in ((string, string)[])
        [
            ("OpenAI chat completions", nameof(VendorDialectClaims.OpenAIChat)),
            ("OpenAI legacy completions", nameof(VendorDialectClaims.OpenAICompletions)),
            ("OpenAI Responses", nameof(VendorDialectClaims.OpenAIResponses)),
            ("Anthropic messages", nameof(VendorDialectClaims.AnthropicMessages)),
            ("Ollama chat", nameof(VendorDialectClaims.OllamaChat)),
            ("Ollama generate", nameof(VendorDialectClaims.OllamaGenerate)),
            ("AI SDK UI messages", nameof(VendorDialectClaims.AISdkChat)),
        ])
        {
            yield return new RatioClaim($"Text delta in {dialect} against gai's SSE", nameof(VendorDialectClaims), method, [nameof(VendorDialectClaims.Gai)], 2);

            // Responses says its text again at the end: its stream is begun anew in each run of the benchmark, which allocates. A unit test has its zero.
            if (method != nameof(VendorDialectClaims.OpenAIResponses))
            {
                yield return new AllocationClaim("The same: allocated", nameof(VendorDialectClaims), method);
            }
        }
    }

    private static LinearClaim Linear(string text, string method) => new(
        text, nameof(ReaderAttackClaims), method, nameof(ReaderAttackClaims.Limit) + "=", ReaderAttackClaims.SmallLimit, ReaderAttackClaims.LargeLimit, 1.25);
}
