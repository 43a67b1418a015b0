using System.Diagnostics;
using System.IO.Compression;
using System.Reflection;
using System.Text;
using System.Xml.Linq;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests.Packaging;

/// <summary>The packages as a user gets them: made, and used by a new application that knows nothing of this repository.</summary>
public sealed class PackageTests : IDisposable
{
    private static readonly string[] Names = ["Gai.Pipelines", "Gai.Pipelines.Hosting", "Gai.Pipelines.AI"];
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private static readonly string Root = typeof(PackageTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "RepositoryRoot").Value!;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gai-pipelines-packages-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Pack_ThreeLibraries_AFreshApplicationStreamsWithThem()
    {
        string feed = Path.Combine(_folder.FullName, "feed");
        foreach (string name in Names)
        {
            await DotnetAsync(Root, "pack", Path.Combine("src", name), "-c", "Release", "-o", feed, "-p:ContinuousIntegrationBuild=true");
        }

        foreach (string name in Names)
        {
            CheckContent(name, Assert.Single(Directory.GetFiles(feed, $"{name}.?.*.nupkg")), Assert.Single(Directory.GetFiles(feed, $"{name}.?.*.snupkg")));
        }

        string version = Path.GetFileNameWithoutExtension(Directory.GetFiles(feed, "Gai.Pipelines.AI.*.nupkg")[0])["Gai.Pipelines.AI.".Length..];
        string application = WriteApplication(version);
        await DotnetAsync(application, "build", "-c", "Release", "-o", "out");
        Assert.Equal("data: {\"n\":1}\n\ndata: {\"n\":2}\n\n", await RunAsync(application));
    }

    private static void CheckContent(string name, string package, string symbols)
    {
        using ZipArchive content = ZipFile.OpenRead(package);
        string[] entries = [.. content.Entries.Select(entry => entry.FullName)];
        Assert.Contains("README.md", entries);
        Assert.Contains($"lib/net10.0/{name}.dll", entries);
        Assert.Contains($"lib/net10.0/{name}.xml", entries);

        using Stream nuspec = content.GetEntry($"{name}.nuspec")!.Open();
        XElement metadata = XDocument.Load(nuspec).Root!.Elements().Single();
        Assert.Equal("README.md", ValueOf("readme"));
        Assert.Equal("Apache-2.0", ValueOf("license"));
        Assert.NotEmpty(ValueOf("description"));
        Assert.NotEmpty(ValueOf("tags"));

        using ZipArchive symbolContent = ZipFile.OpenRead(symbols);
        Assert.Contains($"lib/net10.0/{name}.pdb", symbolContent.Entries.Select(entry => entry.FullName));

        string ValueOf(string element) => metadata.Elements().Single(e => e.Name.LocalName == element).Value;
    }

    private string WriteApplication(string version)
    {
        string folder = Path.Combine(_folder.FullName, "app");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "nuget.config"), """
            <configuration>
              <packageSources>
                <add key="built-here" value="../feed" />
              </packageSources>
            </configuration>
            """);
        File.WriteAllText(Path.Combine(folder, "app.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <RestorePackagesPath>packages</RestorePackagesPath>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Gai.Pipelines.AI" Version="{version}" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), """
            var builder = WebApplication.CreateBuilder(args);
            builder.Services.AddGaiPipelines(o => o.KeepAliveInterval = TimeSpan.FromSeconds(15));
            var app = builder.Build();
            app.UseGaiPipelines();
            app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(TicksAsync()));
            app.Run();

            static async IAsyncEnumerable<Tick> TicksAsync()
            {
                yield return new Tick(1);
                await Task.Yield();
                yield return new Tick(2);
            }

            internal sealed record Tick(int N);
            """);
        return folder;
    }

    private static async Task<string> RunAsync(string application)
    {
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        using Process process = New(application, "out/app.dll", "--urls", "http://127.0.0.1:0");
        process.OutputDataReceived += (_, line) =>
        {
            const string Listening = "Now listening on: ";
            if (line.Data?.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and int at)
            {
                address.TrySetResult(new Uri(line.Data[(at + Listening.Length)..]));
            }
        };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            using var client = new HttpClient { BaseAddress = await address.Task.OrFail("the application listens") };
            return await client.GetStringAsync(new Uri("/ticks", UriKind.Relative)).OrFail();
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync().OrFail();
        }
    }

    private static async Task DotnetAsync(string folder, string verb, params string[] arguments)
    {
        var output = new StringBuilder();
        using Process process = New(folder, [verb, .. arguments, "-nodeReuse:false", "--disable-build-servers"]);
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Longest);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        Assert.True(process.ExitCode == 0, $"dotnet {verb} {string.Join(' ', arguments)} failed:\n{output}");

        void Append(string? line)
        {
            lock (output)
            {
                output.AppendLine(line);
            }
        }
    }

    private static Process New(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // What the test runner sets for itself is not for its children.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        return new Process { StartInfo = start };
    }
}
