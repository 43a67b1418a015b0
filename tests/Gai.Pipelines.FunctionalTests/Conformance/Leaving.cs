namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>Leaving as a user of a .NET client does.</summary>
internal static class Leaving
{
    /// <summary>Goes through a stream and cancels it at its first text, while the client waits for more.</summary>
    /// <remarks>
    /// An <see cref="HttpClient"/> that is cancelled while it reads is gone at once. One that is only disposed of reads on for two
    /// seconds, in the hope that it can keep the connection.
    /// </remarks>
    public static async IAsyncEnumerable<T> AtFirstText<T>(this IAsyncEnumerable<T> updates, Ask ask, Seen seen, CancellationTokenSource request)
    {
        await using IAsyncEnumerator<T> enumerator = updates.GetAsyncEnumerator(CancellationToken.None);
        while (true)
        {
            Task<bool> next = enumerator.MoveNextAsync().AsTask();
            if (ask.Stop && seen.Text.Length > 0)
            {
                seen.StoppedAt = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
                await request.CancelAsync();
            }

            try
            {
                if (!await next)
                {
                    yield break;
                }
            }
            catch (OperationCanceledException) when (request.IsCancellationRequested)
            {
                yield break;
            }

            yield return enumerator.Current;
        }
    }
}
