using System.Buffers;
using System.Text;
using System.Text.Json;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.AI.Tests;

/// <summary>Runs requests and events through a vendor's API as the endpoint and the pump do, without either.</summary>
internal static class VendorStream
{
    /// <summary>What the clocks of these tests show: 2025-11-22T08:26:40Z.</summary>
    public static readonly DateTimeOffset Moment = DateTimeOffset.FromUnixTimeSeconds(1_763_800_000);

    /// <summary>Reads a request.</summary>
    public static TCall Read<TCall>(ChatApi<TCall> api, string body)
        where TCall : ChatCall
    {
        using JsonDocument document = RequestJson.Parse(body, "The request body");
        return api.Read(new RequestValue(document.RootElement, string.Empty));
    }

    /// <summary>Reads a request that is refused.</summary>
    public static StreamError Refused<TCall>(ChatApi<TCall> api, string body)
        where TCall : ChatCall => Assert.Throws<StreamErrorException>(() => Read(api, body)).Error;

    /// <summary>Answers a request with events, and ends the answer unless an event fails it.</summary>
    public static string Answer<TCall>(ChatApi<TCall> api, string body, params StreamEvent[] events)
        where TCall : ChatCall => Write(Begin(api, Read(api, body)), events);

    /// <summary>Begins the answer to a call.</summary>
    public static Dialect<StreamEvent> Begin<TCall>(ChatApi<TCall> api, TCall call)
        where TCall : ChatCall => api.Begin(
            call,
            new DialectContext(
                call.IsStreaming ? api.StreamFormat : StreamFormat.JsonDocument,
                new DialectSettings { TimeProvider = new ManualTimeProvider(Moment) },
                new StreamIdentity("req_1")));

    /// <summary>Writes events as the pump does.</summary>
    public static string Write(Dialect<StreamEvent> dialect, params StreamEvent[] events)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var output = new FrameWriter(bytes);
        dialect.WriteOpening(output);
        output.Commit();
        try
        {
            foreach (StreamEvent item in events)
            {
                dialect.WriteEvent(output, item);
                output.Commit();
            }

            dialect.WriteEnd(output);
        }
        catch (StreamErrorException failure)
        {
            output.Discard();
            dialect.WriteError(output, failure.Error);
        }

        output.Commit();
        output.Publish();
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>The failure document of an API.</summary>
    public static string Failure<TCall>(ChatApi<TCall> api, StreamError error, int status)
        where TCall : ChatCall
    {
        var body = new ArrayBufferWriter<byte>();
        api.Write(body, error, api.StatusOf(error, status));
        return Encoding.UTF8.GetString(body.WrittenSpan);
    }

    /// <summary>What a warm dialect allocates for many deltas of a text.</summary>
    public static long AllocatedForDeltas(Dialect<StreamEvent> dialect, in StreamEvent first, in StreamEvent delta)
    {
        const int Deltas = 1000;
        var output = new FrameWriter(new RecyclingBufferWriter());
        dialect.WriteEvent(output, first);
        dialect.WriteEvent(output, delta);
        output.Commit();
        output.Publish();
        StreamEvent item = delta;
        return AllocatedBytes.Of(() =>
        {
            for (int i = 0; i < Deltas; i++)
            {
                dialect.WriteEvent(output, item);
                output.Commit();
                output.Publish();
            }
        });
    }
}
