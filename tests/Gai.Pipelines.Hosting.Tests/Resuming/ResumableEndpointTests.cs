using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Hosting.Tests.Resuming;

public sealed class ResumableEndpointTests
{
    /// <summary>Nobody gets the stream of somebody else, however long and strange the names are.</summary>
    [Fact]
    public void KeyOf_OwnersKeysAndNamesOfAnyLength_AreKeptApart()
    {
        string[] texts = [.. from length in (int[])[1, 48, 49, 64, 65, 100, 101, 256] from last in "ab" select new string('x', length - 1) + last];
        string?[] owners = [null, "", "a\u0001", "a\u0002", "\u2028", "\uD800", "\uDC00", "\u00E9", .. texts];

        LogKey[] keys =
        [
            .. owners.Select(owner => ResumableEndpoint.KeyOf("chat", owner, "key")),
            .. texts.Select(key => ResumableEndpoint.KeyOf("chat", "owner", key)),
            .. texts.Select(name => ResumableEndpoint.KeyOf(name, "owner", "key")),
        ];

        Assert.Distinct(keys);
        Assert.Equal(keys[^1], ResumableEndpoint.KeyOf(texts[^1], "owner", "key"));
    }

    [Fact]
    public void Validate_ValuesOutOfRange_NamesAll()
    {
        var options = new ResumableOptions { MaxProducers = 0, Log = null!, Missed = (MissedEvents)7, Name = string.Empty };

        string[] failures = [.. Assert.Throws<OptionsValidationException>(options.Validate).Failures];

        Assert.Collection(
            failures,
            one => Assert.StartsWith("MaxProducers is 0.", one, StringComparison.Ordinal),
            one => Assert.StartsWith("Log is null.", one, StringComparison.Ordinal),
            one => Assert.StartsWith("Missed is 7.", one, StringComparison.Ordinal),
            one => Assert.StartsWith("Name is empty.", one, StringComparison.Ordinal));
        new ResumableOptions { MaxProducers = 1, Name = "chat" }.Validate();
    }
}
