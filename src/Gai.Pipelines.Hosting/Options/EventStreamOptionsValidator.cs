using System.Globalization;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Hosting;

/// <summary>Checks the options when the application starts.</summary>
/// <remarks>By hand, since the generated validator cannot name the value it refuses, nor what to do about it.</remarks>
internal sealed class EventStreamOptionsValidator : IValidateOptions<EventStreamOptions>
{
    private const int Kibi = 1024;
    private const int Gibi = 1024 * 1024 * 1024;

    public ValidateOptionsResult Validate(string? name, EventStreamOptions options)
    {
        var failures = new List<string>();
        CheckTimes(options, failures);
        CheckSizes(options, failures);
        options.Logs.Check(failures);
        try
        {
            _ = new EventName(options.ErrorEventName);
            if (string.IsNullOrEmpty(options.ErrorEventName))
            {
                failures.Add("ErrorEventName is empty. Give the name of the event that tells of an error, such as gai.error.");
            }
        }
        catch (ArgumentException failure)
        {
            failures.Add($"ErrorEventName is not a name: {failure.Message}");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    /// <summary>Checks options that do not come from the container.</summary>
    /// <param name="options">The options.</param>
    /// <param name="of">Whose they are: what a message begins with.</param>
    /// <exception cref="OptionsValidationException">One is out of its range.</exception>
    public static void ThrowIfInvalid(EventStreamOptions options, string of = "")
    {
        ValidateOptionsResult result = new EventStreamOptionsValidator().Validate(null, options);
        if (result.Failed)
        {
            throw new OptionsValidationException(nameof(EventStreamOptions), typeof(EventStreamOptions), result.Failures.Select(failure => of + failure));
        }
    }

    private static void CheckTimes(EventStreamOptions options, List<string> failures)
    {
        if (options.KeepAliveInterval != TimeSpan.Zero)
        {
            Check(failures, nameof(options.KeepAliveInterval), options.KeepAliveInterval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), "or 00:00:00 to turn keep-alives off");
        }

        CheckCommitWindow(failures, nameof(options.CommitWindow), options.CommitWindow);
        CheckCommitWindow(failures, nameof(options.VendorCommitWindow), options.VendorCommitWindow);

        if (options.RetryHint is { } retry)
        {
            Check(failures, nameof(options.RetryHint), retry, TimeSpan.Zero, TimeSpan.FromHours(1), "or leave it out");
        }

        if (options.WriteTimeout != Timeout.InfiniteTimeSpan)
        {
            Check(failures, nameof(options.WriteTimeout), options.WriteTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), "or -00:00:00.001 for no limit");
        }

        if (options.MaxAge != Timeout.InfiniteTimeSpan)
        {
            Check(failures, nameof(options.MaxAge), options.MaxAge, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30), "or -00:00:00.001 for no limit");
        }

        Check(failures, nameof(options.DrainTimeout), options.DrainTimeout, TimeSpan.Zero, TimeSpan.FromHours(1), null);
        Check(failures, nameof(options.RequestIdleTimeout), options.RequestIdleTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(24), null);
        Check(failures, nameof(options.DetachAfter), options.DetachAfter, TimeSpan.Zero, TimeSpan.FromMinutes(5), null);
        if (options.FlushPolicy is not { } policy)
        {
            failures.Add("FlushPolicy is null. Use FlushPolicy.Immediate or FlushPolicy.Window(delay).");
        }
        else if (policy.Delay != TimeSpan.Zero)
        {
            Check(failures, "FlushPolicy.Delay", policy.Delay, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10), "or 00:00:00 to flush at once");
            Check(failures, "FlushPolicy.Bytes", policy.Bytes, 1, 16 * Kibi * Kibi, "bytes");
        }
    }

    private static void CheckCommitWindow(List<string> failures, string setting, TimeSpan value)
    {
        if (value != Timeout.InfiniteTimeSpan)
        {
            Check(failures, setting, value, TimeSpan.Zero, TimeSpan.FromMinutes(5), "or -00:00:00.001 to wait for the first event");
        }
    }

    private static void CheckSizes(EventStreamOptions options, List<string> failures)
    {
        Check(failures, nameof(options.UnflushedLimitBytes), options.UnflushedLimitBytes, 256, 16 * Kibi * Kibi, "bytes");
        Check(failures, nameof(options.ChannelCapacity), options.ChannelCapacity, 1, 1_000_000, "events");
        Check(failures, nameof(options.SlowClientBudgetBytes), options.SlowClientBudgetBytes, Kibi, Gibi, "bytes");
        Check(failures, nameof(options.MaxFrameBytes), options.MaxFrameBytes, 256, Gibi, "bytes");
        Check(failures, nameof(options.OpeningPaddingBytes), options.OpeningPaddingBytes, 0, Math.Clamp(options.MaxFrameBytes / 2, 0, 64 * Kibi), "bytes");
        Check(failures, nameof(options.MaxDocumentBytes), options.MaxDocumentBytes, 256, Gibi, "bytes");
        Check(failures, nameof(options.MaxRequestRecordBytes), options.MaxRequestRecordBytes, 1, Gibi, "bytes");
        CheckCount(failures, nameof(options.MaxStreams), options.MaxStreams);
        CheckCount(failures, nameof(options.MaxStreamsPerEndpoint), options.MaxStreamsPerEndpoint);
        CheckCount(failures, nameof(options.MaxStreamsPerClient), options.MaxStreamsPerClient);
        Check(failures, nameof(options.MaxCompressedStreams), options.MaxCompressedStreams, 1, 1_000_000, "streams");
        CheckDefined(failures, nameof(options.SlowClientPolicy), options.SlowClientPolicy);
        CheckDefined(failures, nameof(options.DrainMode), options.DrainMode);
        CheckDefined(failures, nameof(options.NdjsonKeepAlive), options.NdjsonKeepAlive);
        if ((options.Compression & ~(StreamCompression.Gzip | StreamCompression.Brotli)) != StreamCompression.None)
        {
            failures.Add($"Compression is {options.Compression}. Set it to None, Gzip, Brotli, or \"Gzip, Brotli\".");
        }

        if (options.MaxRequestBodyBytes < 1)
        {
            failures.Add(string.Create(CultureInfo.InvariantCulture, $"MaxRequestBodyBytes is {options.MaxRequestBodyBytes:N0}. Set it to at least 1 byte."));
        }
    }

    // In a configuration any number is taken for a name.
    private static void CheckDefined<T>(List<string> failures, string setting, T value)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            failures.Add($"{setting} is {value}. Set it to one of {string.Join(", ", Enum.GetNames<T>())}.");
        }
    }

    private static void CheckCount(List<string> failures, string setting, int? value)
    {
        if (value < 1)
        {
            failures.Add(string.Create(CultureInfo.InvariantCulture, $"{setting} is {value:N0}. Set it to at least 1, or leave it out for no limit."));
        }
    }

    private static void Check(List<string> failures, string setting, TimeSpan value, TimeSpan least, TimeSpan most, string? orElse)
    {
        if (value < least || value > most)
        {
            failures.Add($"{setting} is {value}. Set it to {least} to {most}{(orElse is null ? string.Empty : ", ")}{orElse}.");
        }
    }

    private static void Check(List<string> failures, string setting, int value, int least, int most, string unit)
    {
        if (value < least || value > most)
        {
            failures.Add(string.Create(CultureInfo.InvariantCulture, $"{setting} is {value:N0}. Set it to {least:N0} to {most:N0} {unit}."));
        }
    }
}
