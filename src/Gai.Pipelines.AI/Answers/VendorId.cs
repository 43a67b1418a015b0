namespace Gai.Pipelines.AI;

/// <summary>Makes ids in the manner of the vendors: a prefix that says what it names, and what no other has.</summary>
internal static class VendorId
{
    public static string New(string prefix) => $"{prefix}{Guid.NewGuid():N}";
}
