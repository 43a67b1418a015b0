using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.Hosting.Tests.Diagnostics;

/// <summary>What operators filter by.</summary>
public sealed class LogTests
{
    private static readonly (MethodInfo Method, LoggerMessageAttribute Message)[] Messages =
    [
        .. typeof(Log).GetMethods(BindingFlags.Static | BindingFlags.Public)
            .Select(method => (method, message: method.GetCustomAttribute<LoggerMessageAttribute>()!))
            .Where(pair => pair.message is not null),
    ];

    [Fact]
    public void Messages_All_HaveAnIdAndANameOfTheirOwn()
    {
        Assert.True(Messages.Length > 10, $"only {Messages.Length} messages are there");
        Assert.Distinct(Messages.Select(pair => pair.Message.EventId));
        Assert.All(Messages, pair => Assert.True(pair.Message.EventId > 0));
        Assert.All(Messages, pair => Assert.Equal(pair.Method.Name, pair.Message.EventName));
    }

    [Theory]
    [InlineData(nameof(Log.ClientGone), LogLevel.Debug)]
    [InlineData(nameof(Log.StreamFailed), LogLevel.Error)]
    [InlineData(nameof(Log.StreamFailedEarly), LogLevel.Error)]
    public void Level_ClientThatLeavesAndSourceThatFails_DebugAndError(string name, LogLevel level) =>
        Assert.Equal(level, Assert.Single(Messages, pair => pair.Method.Name == name).Message.Level);
}
