namespace Gai.Pipelines.FaultHost;

/// <summary>One client that copies the body of a response to its standard output as it comes.</summary>
internal static class ReaderRole
{
    /// <returns>0 if the response ended as HTTP prescribes, 1 if it broke.</returns>
    public static async Task<int> RunAsync(Uri address, string version)
    {
        using HttpClient client = Wire.Client(version, receiveBuffer: 4096);
        await using Stream body = await client.GetStreamAsync(address);
        await using Stream output = Console.OpenStandardOutput();
        byte[] buffer = new byte[4096];
        try
        {
            int read;
            while ((read = await body.ReadAsync(buffer)) > 0)
            {
                await output.WriteAsync(buffer.AsMemory(0, read));
                await output.FlushAsync();
            }

            return 0;
        }
        catch (IOException)
        {
            return 1;
        }
    }
}
