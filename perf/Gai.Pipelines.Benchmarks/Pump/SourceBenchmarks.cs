using System.Net.ServerSentEvents;
using System.Threading.Channels;
using BenchmarkDotNet.Attributes;
using Gai.Pipelines.Benchmarks.Sinks;

namespace Gai.Pipelines.Benchmarks.Pump;

/// <summary>10,000 text deltas through each kind of source into nothing. For information: the claims are elsewhere.</summary>
[MemoryDiagnoser]
public class SourceBenchmarks
{
    private const int Events = 10_000;
    private const int Producers = 4;

    private readonly NullPipeWriter _output = new();
    private readonly StreamEvent _event = StreamEvent.TextDelta("Hello!");

    private static ReadOnlySpan<byte> Frame => "event: text_delta\ndata: {\"text\":\"Hello!\"}\n\n"u8;

    private static ReadOnlySpan<byte> Done => "id: gai.done\nevent: done\ndata: {\"finished\":true}\n\n"u8;

    /// <summary>Checks what is written.</summary>
    [GlobalSetup]
    public void Setup()
    {
        byte[] expected = Verify.Repeat(Frame, Events, Done);
        foreach (Func<Task> contender in (Func<Task>[])[Iterator, FullChannel, Producer, FourProducers, ThreadAndChannel, IteratorThatWaits])
        {
            Verify.Same(contender.Method.Name, expected, _output.Capture(contender));
        }
    }

    /// <summary>An async iterator that always has the next event.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Events)]
    public Task Iterator() => PumpAsync(StreamSource.From(EventsAsync()));

    /// <summary>A channel that was filled before; filling it is part of the time.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task FullChannel()
    {
        Channel<StreamEvent> channel = Channel.CreateBounded<StreamEvent>(new BoundedChannelOptions(Events) { SingleReader = true });
        for (int i = 0; i < Events; i++)
        {
            channel.Writer.TryWrite(_event);
        }

        channel.Writer.Complete();
        return PumpAsync(StreamSource.From(channel.Reader));
    }

    /// <summary>A producer on another thread, through the pump's own channel.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task Producer() => PumpAsync(StreamSource.From<StreamEvent>((writer, cancellationToken) => ProduceAsync(writer, Events, cancellationToken)));

    /// <summary>Four producers on threads of their own, through the same channel.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task FourProducers() => PumpAsync(StreamSource.From<StreamEvent>((writer, cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, Producers).Select(_ => Task.Run(() => ProduceAsync(writer, Events / Producers, cancellationToken), cancellationToken)))));

    /// <summary>A channel of the application, which another thread fills while the pump reads.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public async Task ThreadAndChannel()
    {
        Channel<StreamEvent> channel = Channel.CreateBounded<StreamEvent>(new BoundedChannelOptions(StreamSource.DefaultChannelCapacity) { SingleReader = true, SingleWriter = true });
        Task producing = Task.Run(async () =>
        {
            await ProduceAsync(channel.Writer, Events, CancellationToken.None);
            channel.Writer.Complete();
        });
        await PumpAsync(StreamSource.From(channel));
        await producing;
    }

    /// <summary>An async iterator whose every event has to be waited for, and is flushed by itself.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task IteratorThatWaits() => PumpAsync(StreamSource.From(WaitingEventsAsync()));

    /// <summary>The framework's formatter from the same kind of iterator.</summary>
    [Benchmark(OperationsPerInvoke = Events)]
    public Task FormatterOfIteratorThatWaits() => SseFormatter.WriteAsync(WaitingStringsAsync(), Stream.Null);

    private Task<StreamOutcome> PumpAsync(StreamSource<StreamEvent> source) =>
        new EventPump<StreamEvent>(source, new GaiSseDialect(DialectSettings.Default), _output, PumpSettings.Default).RunAsync();

    private async Task ProduceAsync(ChannelWriter<StreamEvent> writer, int events, CancellationToken cancellationToken)
    {
        for (int i = 0; i < events; i++)
        {
            if (!writer.TryWrite(_event))
            {
                await writer.WriteAsync(_event, cancellationToken);
            }
        }
    }

    private async IAsyncEnumerable<StreamEvent> WaitingEventsAsync()
    {
        for (int i = 0; i < Events; i++)
        {
            await Task.Yield();
            yield return _event;
        }
    }

    private static async IAsyncEnumerable<SseItem<string>> WaitingStringsAsync()
    {
        for (int i = 0; i < Events; i++)
        {
            await Task.Yield();
            yield return new SseItem<string>("{\"text\":\"Hello!\"}", "text_delta");
        }
    }

#pragma warning disable CS1998 // An async iterator that has everything ready never awaits.
    private async IAsyncEnumerable<StreamEvent> EventsAsync()
    {
        for (int i = 0; i < Events; i++)
        {
            yield return _event;
        }
    }
#pragma warning restore CS1998
}
