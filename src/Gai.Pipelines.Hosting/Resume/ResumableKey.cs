namespace Gai.Pipelines.Hosting;

/// <summary>Makes the keys under which an application finds the streams of its resumable endpoints, to cancel them for example: <c>logs.CancelAsync(ResumableKey.Of("/jobs/{id}", "17", userId))</c>.</summary>
public static class ResumableKey
{
    /// <summary>Makes the key of a stream.</summary>
    /// <param name="endpoint">The endpoint's <see cref="ResumableOptions.Name"/>, or its route.</param>
    /// <param name="key">What <see cref="ResumableOptions.Key"/> gave.</param>
    /// <param name="owner">The name identifier of the principal that began it; <see langword="null"/> if nobody was signed in, or if the endpoint has <see cref="ResumableOptions.MayRead"/>.</param>
    /// <returns>The key, for <see cref="StreamLogs"/>.</returns>
    /// <exception cref="ArgumentException">The key is empty, longer than 256 characters or contains a control character.</exception>
    public static LogKey Of(string endpoint, string key, string? owner = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(endpoint);
        _ = new LogKey(key);
        return ResumableEndpoint.KeyOf(endpoint, owner, key);
    }
}
