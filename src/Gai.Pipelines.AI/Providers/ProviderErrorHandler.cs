using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Gai.Pipelines.AI.Providers;

namespace Gai.Pipelines.AI;

/// <summary>Turns the error responses of a model's provider into <see cref="StreamErrorException"/>s, below any client that takes an <see cref="HttpClient"/>.</summary>
/// <remarks>
/// So a status such as 429, the wait that its <c>Retry-After</c> asks for, and the provider's own message reach the client of the stream. A client above it sees an exception and
/// no response: one that retries by status does not retry. Safe for concurrent requests.
/// </remarks>
public sealed class ProviderErrorHandler : DelegatingHandler
{
    private const int LargestBody = 64 * 1024;

    // What an error says is worth some seconds; that it is one, the status has said already.
    private static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;

    /// <summary>Makes a handler on top of another.</summary>
    /// <param name="innerHandler">What sends the requests; <see langword="null"/> if a factory sets it.</param>
    /// <param name="time">The clock, for a <c>Retry-After</c> that is a date and for the 5 s in which the body of an error must have come; <see langword="null"/> for the system's.</param>
    public ProviderErrorHandler(HttpMessageHandler? innerHandler = null, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        if (innerHandler is not null)
        {
            InnerHandler = innerHandler;
        }
    }

    /// <summary>Reads what a provider says in an error response.</summary>
    internal static async Task<StreamError> ReadAsync(HttpResponseMessage response, TimeProvider time, CancellationToken cancellationToken)
    {
        TimeSpan? wait = RetryAfter(response.Headers, time);
        using var limit = new CancellationTokenSource(LongestRead, time);
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        byte[] body = ArrayPool<byte>.Shared.Rent(LargestBody);
        try
        {
            await using Stream content = await response.Content.ReadAsStreamAsync(reading.Token);
            int length = await content.ReadAtLeastAsync(body.AsMemory(0, LargestBody), LargestBody, throwOnEndOfStream: false, reading.Token);
            using JsonDocument document = JsonDocument.Parse(body.AsMemory(0, length));
            JsonElement root = document.RootElement;
            bool isNested = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out _);
            return ProviderErrorBody.Read(isNested ? root.GetProperty("error") : root, (int)response.StatusCode, wait);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or IOException or HttpRequestException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // A page of a proxy, or nothing that can be read (the name of a field that is not Unicode, too), or not in time: the status says it.
            return ProviderErrors.FromStatus(response.StatusCode, retryAfter: wait);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="StreamErrorException">The status is 400 or above.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
        if ((int)response.StatusCode < 400)
        {
            return response;
        }

        using (response)
        {
            throw new StreamErrorException(await ReadAsync(response, _time, cancellationToken));
        }
    }

    private static TimeSpan? RetryAfter(HttpResponseHeaders headers, TimeProvider time)
    {
        // Some providers tell it to the millisecond in a header of their own.
        if (headers.TryGetValues("retry-after-ms", out IEnumerable<string>? values) &&
            double.TryParse(values.First(), NumberStyles.Float, CultureInfo.InvariantCulture, out double milliseconds) &&
            milliseconds is >= 0 and < int.MaxValue)
        {
            return TimeSpan.FromMilliseconds(milliseconds);
        }

        return headers.RetryAfter?.Delta ?? headers.RetryAfter?.Date - time.GetUtcNow();
    }
}
