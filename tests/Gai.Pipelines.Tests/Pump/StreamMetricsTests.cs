using System.Diagnostics.Metrics;
using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Pump;

/// <summary>What is measured of a stream, on a clock that only the test moves.</summary>
public sealed class StreamMetricsTests : PumpTest
{
    private readonly object _scope = new();
    private readonly StreamMetrics _metrics;

    public StreamMetricsTests()
    {
        _metrics = new StreamMetrics(new Meter(StreamMetrics.MeterName, null, null, _scope));
        Settings = Settings with { Metrics = _metrics, CommitWindow = Timeout.InfiniteTimeSpan };
    }

    [Fact]
    public async Task Flushes_WithAndWithoutEvents_AreMeasured()
    {
        using var measured = new Measurements(_scope);
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Time.Advance(TimeSpan.FromSeconds(2));
        Source.Push("a");
        Time.Advance(TimeSpan.FromSeconds(3));
        Source.Push("b");
        Source.End();
        await run.OrFail();

        Assert.Equal("<a|b|>", Output.Text);
        Assert.Equal([2], measured.Of("gai.stream.time_to_first_event"));
        Assert.Equal([3], measured.Of("gai.stream.flush_gap"));
        Assert.Equal([1, 1], measured.Of("gai.stream.events"));
        Assert.Equal([1, 1], measured.Of("gai.stream.events_per_flush"));
        Assert.Equal([3, 2, 1], measured.Of("gai.stream.bytes"));
        Assert.Equal([1, 1, 1], measured.Of("gai.stream.flushes"));
        Assert.Empty(measured.Of("gai.stream.producer_wait"));
    }

    [Fact]
    public async Task KeepAlive_IsMeasuredAndNoEvent()
    {
        using var measured = new Measurements(_scope);
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Source.Push("a");
        Time.Advance(TimeSpan.FromSeconds(16));
        Source.End();
        await run.OrFail();

        Assert.Equal([1], measured.Of("gai.stream.keep_alives"));
        Assert.Single(measured.Of("gai.stream.events"));
        Assert.Empty(measured.Of("gai.stream.flush_gap"));
    }

    [Fact]
    public async Task KeepAlive_DialectHasNone_IsNotMeasured()
    {
        Settings = Settings with { CommitWindow = TimeSpan.Zero };
        using var measured = new Measurements(_scope);
        var records = new EventPump<string>(
            StreamSource.From(Source),
            global::Gai.Pipelines.Dialects.Plain<string>(null).Create(new DialectContext(StreamFormat.Ndjson, DialectSettings.Default)),
            Output,
            Settings);
        Task<StreamOutcome> run = records.RunAsync();
        Time.Advance(TimeSpan.FromSeconds(40));
        Source.End();
        await run.OrFail();

        Assert.Empty(measured.Of("gai.stream.keep_alives"));
    }

    [Fact]
    public async Task Flushes_ListenerComesBackLater_IsToldNothingOfTheTimeBetween()
    {
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        using (new Measurements(_scope))
        {
            Source.Push("a");
        }

        Time.Advance(TimeSpan.FromSeconds(1));
        Source.Push("b");
        Time.Advance(TimeSpan.FromHours(1));
        using var measured = new Measurements(_scope);
        Source.Push("c");
        Source.Push("d");
        Source.End();
        await run.OrFail();

        Assert.DoesNotContain(measured.Of("gai.stream.flush_gap"), static seconds => seconds > 0);
        Assert.DoesNotContain(measured.Of("gai.stream.events_per_flush"), static events => events > 1);
    }

    [Fact]
    public async Task ClientPauses_WaitAndLossesAreMeasured()
    {
        Settings = Settings with { SlowClientPolicy = SlowClientPolicy.DropOldest, SlowClientBudgetBytes = 1, KeepAliveInterval = TimeSpan.Zero };
        using var measured = new Measurements(_scope);
        Output.HoldFlushes();
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Source.Push("a");
        await Output.WaitForPendingFlushAsync();
        Source.Push("b").Push("c").Push("d");
        Time.Advance(TimeSpan.FromSeconds(7));
        Output.ReleaseFlush();
        Source.End();
        await run.OrFail();

        Assert.Equal([7], measured.Of("gai.stream.producer_wait"));
        Assert.Equal(2, measured.Of("gai.stream.dropped").Sum());
        Assert.Empty(measured.Of("gai.stream.merged"));
    }

    [Fact]
    public async Task ClientPauses_DeltasThatWereJoinedAreMeasured()
    {
        using var measured = new Measurements(_scope);
        var source = new ManualSequence<StreamEvent>();
        Output.HoldFlushes();
        Task<StreamOutcome> run = new EventPump<StreamEvent>(
            StreamSource.From(source), new GaiSseDialect(DialectSettings.Default), Output, Settings with { SlowClientPolicy = SlowClientPolicy.MergeDeltas }).RunAsync();
        source.Push(StreamEvent.TextDelta("a"));
        await Output.WaitForPendingFlushAsync();
        source.Push(StreamEvent.TextDelta("b")).Push(StreamEvent.TextDelta("c")).Push(StreamEvent.TextDelta("d")).End();
        Output.ReleaseFlush();
        await run.OrFail();

        Assert.Equal(2, measured.Of("gai.stream.merged").Sum());
        Assert.Equal(2, measured.Of("gai.stream.events").Sum());
        Assert.Empty(measured.Of("gai.stream.dropped"));
    }

    [Fact]
    public async Task ClientNeverReads_WhatNoFlushHasToldIsToldAtTheEnd()
    {
        Settings = Settings with { SlowClientPolicy = SlowClientPolicy.DropOldest, SlowClientBudgetBytes = 1, WriteTimeout = TimeSpan.FromSeconds(10) };
        using var measured = new Measurements(_scope);
        Output.HoldFlushes();
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Source.Push("a");
        await Output.WaitForPendingFlushAsync();
        Source.Push("b").Push("c").Push("d");
        Time.Advance(TimeSpan.FromSeconds(10.2));

        Assert.Equal(StreamOutcomeReason.TooSlow, (await run.OrFail()).Reason);
        Assert.Equal(2, measured.Of("gai.stream.dropped").Sum());
        Assert.InRange(Assert.Single(measured.Of("gai.stream.producer_wait")), 10, 10.2);
    }

    [Fact]
    public async Task End_ListenerThrows_ClosesTheSourceAndIsToldByTheOutcome()
    {
        var failure = new InvalidOperationException();
        using MeterListener listener = Throwing(failure, "gai.stream.producer_wait");
        Output.HoldFlushes();
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Source.Push("a");
        await Output.WaitForPendingFlushAsync();
        await Client.CancelAsync();

        // The wait that no flush has ended is told at the end.
        StreamOutcome outcome = await run.OrFail();
        Assert.Equal((StreamOutcomeReason.ClientGone, failure), (outcome.Reason, outcome.Exception));
        Assert.True(Source.IsDisposed);
        Assert.Equal(0, Scheduler.EntryCount);
    }

    /// <summary>A listener that throws fails the stream, as its source would, and its client still gets what is encoded.</summary>
    [Fact]
    public async Task Flush_ListenerThrows_FramesAndErrorAreSent()
    {
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Source.Push("a");
        var failure = new InvalidOperationException();
        using MeterListener listener = Throwing(failure, "gai.stream.flush_gap", "gai.stream.flushes");
        Source.Push("b").Push("c");

        StreamOutcome outcome = await run.OrFail();
        Assert.Equal((StreamOutcomeReason.SourceFailed, failure), (outcome.Reason, outcome.Exception));
        Assert.Equal("<a|b|c|!internal", Output.Text);
        Assert.True(Source.IsDisposed);
    }

    /// <summary>A first frame that outgrows its block is with the transport before any flush: what follows it is the rest of the stream and no other answer.</summary>
    [Fact]
    public async Task Flush_ListenerThrowsAtALargeFirstFrame_ErrorFollowsIt()
    {
        var failure = new InvalidOperationException();
        using MeterListener listener = Throwing(failure, "gai.stream.flushes");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        var large = new string('x', 100_000);
        Source.Push(large);

        StreamOutcome outcome = await run.OrFail();
        Assert.Equal((StreamOutcomeReason.SourceFailed, true), (outcome.Reason, outcome.HeadSent));
        Assert.Equal($"<{large}|!internal", Output.Text);
    }

    [Fact]
    public async Task Flush_ListenerThrowsAtTheEnd_EndIsSent()
    {
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Source.Push("a");
        var failure = new InvalidOperationException();
        using MeterListener listener = Throwing(failure, "gai.stream.flushes");
        Source.Push("b");
        Source.End();

        StreamOutcome outcome = await run.OrFail();
        Assert.Equal((StreamOutcomeReason.SourceFailed, failure), (outcome.Reason, outcome.Exception));
        Assert.Equal("<a|b|>", Output.Text);
    }

    [Fact]
    public async Task ListenerComesLater_StreamUnderWay_IsMeasuredFromThenOn()
    {
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Source.Push("a").Push("b");
        using var measured = new Measurements(_scope);
        Source.Push("c").Push("d");
        Source.End();
        await run.OrFail();

        Assert.Equal(1, measured.Of("gai.stream.events").Sum());
        Assert.Empty(measured.Of("gai.stream.time_to_first_event"));
    }

    [Fact]
    public void Units_AreThoseOfTheConventions()
    {
        using var measured = new Measurements(_scope);

        Assert.Equal(
            [
                ("gai.stream.bytes", "By"), ("gai.stream.dropped", "{event}"), ("gai.stream.events", "{event}"), ("gai.stream.events_per_flush", "{event}"),
                ("gai.stream.flush_gap", "s"), ("gai.stream.flushes", "{flush}"), ("gai.stream.keep_alives", "{keep_alive}"), ("gai.stream.merged", "{event}"),
                ("gai.stream.producer_wait", "s"), ("gai.stream.time_to_first_event", "s"),
            ],
            measured.Units.Select(pair => (pair.Key, pair.Value!)));
    }

    private MeterListener Throwing(Exception failure, params string[] names)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, _scope) && names.Contains(instrument.Name))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => throw failure);
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => throw failure);
        listener.Start();
        return listener;
    }
}
