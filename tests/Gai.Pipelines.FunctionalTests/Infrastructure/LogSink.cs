using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests;

/// <summary>Keeps what all categories log.</summary>
internal sealed class LogSink : ILoggerProvider
{
    private readonly ConcurrentQueue<LogEntry> _entries = new();

    /// <summary>Gets everything that an operator would be shown by default as something wrong.</summary>
    public IReadOnlyList<LogEntry> WarningsAndErrors => [.. _entries.Where(entry => entry.Level >= LogLevel.Warning)];

    public IReadOnlyList<LogEntry> All => [.. _entries];

    public IReadOnlyList<LogEntry> Ours => [.. _entries.Where(entry => entry.Category.StartsWith("Gai.Pipelines", StringComparison.Ordinal))];

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(LogSink sink, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            sink._entries.Enqueue(new LogEntry(category, logLevel, eventId.Name, formatter(state, exception), exception));
    }
}

internal sealed record LogEntry(string Category, LogLevel Level, string? Name, string Message, Exception? Exception);
