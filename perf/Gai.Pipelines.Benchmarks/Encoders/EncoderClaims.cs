namespace Gai.Pipelines.Benchmarks.Encoders;

/// <summary>A six-letter text delta as a frame of the gai dialect over SSE.</summary>
public class SseEncoderClaims() : EncoderContest(
    new GaiSseDialect(DialectSettings.Default),
    "event: text_delta\ndata: "u8,
    "{\"text\":\"Hello!\"}"u8,
    "\n\n"u8,
    withType: false);

/// <summary>A six-letter text delta as a record of the gai dialect over NDJSON.</summary>
public class NdjsonEncoderClaims() : EncoderContest(
    new GaiNdjsonDialect(DialectSettings.Default),
    [],
    "{\"type\":\"text_delta\",\"text\":\"Hello!\"}"u8,
    "\n"u8,
    withType: true);
