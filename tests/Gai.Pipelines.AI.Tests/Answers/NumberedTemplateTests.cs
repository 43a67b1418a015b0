using System.Globalization;
using System.Text;

namespace Gai.Pipelines.AI.Tests.Answers;

public sealed class NumberedTemplateTests
{
    [Fact]
    public void With_NumbersInARow_AreAllRight()
    {
        var template = new NumberedTemplate("a9 "u8.ToArray(), " 9z"u8.ToArray());
        for (long number = 0; number < 11_000; number++)
        {
            Assert.Equal($"a9 {number.ToString(CultureInfo.InvariantCulture)} 9z", Encoding.ASCII.GetString(template.With(number)));
        }
    }

    [Fact]
    public void With_NumbersThatJump_AreAllRight()
    {
        var template = new NumberedTemplate([], []);
        foreach (long number in (long[])[5, 6, 6, 5, 99, 100, 7, 8, 9, 10, 998, 999, 1000, long.MaxValue])
        {
            Assert.Equal(number.ToString(CultureInfo.InvariantCulture), Encoding.ASCII.GetString(template.With(number)));
        }
    }
}
