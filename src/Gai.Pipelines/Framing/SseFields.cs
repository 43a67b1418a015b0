namespace Gai.Pipelines;

/// <summary>Holds the fields of a Server-Sent Event beside its data (WHATWG HTML 9.2.6).</summary>
/// <param name="Name">The field <c>event</c>; <c>default</c> for none.</param>
/// <param name="Id">The field <c>id</c>; <c>default</c> for none.</param>
/// <param name="Retry">The field <c>retry</c>, written in whole milliseconds; <see langword="null"/> for none.</param>
public readonly record struct SseFields(EventName Name = default, EventId Id = default, TimeSpan? Retry = null);
