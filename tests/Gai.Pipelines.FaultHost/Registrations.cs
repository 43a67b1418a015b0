using System.Reflection;

namespace Gai.Pipelines.FaultHost;

/// <summary>Counts what is registered with a token: the framework keeps it to itself.</summary>
internal static class Registrations
{
    private static readonly FieldInfo Source = Field(typeof(CancellationToken), "_source");
    private static readonly FieldInfo All = Field(typeof(CancellationTokenSource), "_registrations");
    private static readonly FieldInfo First = Field(All.FieldType, "Callbacks");
    private static readonly FieldInfo Next = Field(First.FieldType, "Next");

    public static int Count(CancellationToken token)
    {
        object? all = Source.GetValue(token) is { } source ? All.GetValue(source) : null;
        int count = 0;
        for (object? node = all is null ? null : First.GetValue(all); node is not null; node = Next.GetValue(node))
        {
            count++;
        }

        return count;
    }

    private static FieldInfo Field(Type type, string name) =>
        type.GetField(name, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)
            ?? throw new MissingFieldException($"{type} has no field {name} in this version of .NET: find where it keeps registrations now.");
}
