using Gai.Pipelines.LoadTests.Client;

namespace Gai.Pipelines.LoadTests.Tests.Client;

public sealed class SocketSetTests
{
    public static TheoryData<string> Ways { get; } = OperatingSystem.IsLinux() ? [nameof(Waiting.Epoll), nameof(Waiting.Select)] : [nameof(Waiting.Select)];

    [Theory]
    [MemberData(nameof(Ways))]
    public void Wait_HasBeenWoken_ReturnsHoweverLongItMayWait(string waiting)
    {
        using SocketSet sockets = SocketSet.Create(Enum.Parse<Waiting>(waiting));
        foreach (long microseconds in (long[])[-1, 0, 1, int.MaxValue + 1L, 86_400_000_000])
        {
            sockets.Wake();
            sockets.Wait(microseconds);
        }
    }
}
