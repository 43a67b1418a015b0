using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.PostgreSql.Internal;

/// <summary>The log messages: one an outage, never one a batch.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "PostgreSQL's notifications are not heard; until they are again, logs of other nodes are looked at by themselves, which is later.", EventName = "NotificationsLost")]
    public static partial void NotificationsLost(ILogger logger, Exception exception);

    [LoggerMessage(2, LogLevel.Information, "PostgreSQL's notifications are heard again.", EventName = "NotificationsBack")]
    public static partial void NotificationsBack(ILogger logger);

    [LoggerMessage(3, LogLevel.Warning, "What has expired cannot be deleted from PostgreSQL; it is tried again, with less at once.", EventName = "ExpiryFailed")]
    public static partial void ExpiryFailed(ILogger logger, Exception exception);
}
