using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Gai.Pipelines.FunctionalTests.Documentation;

/// <summary>The C# of the README and of docs/ compiles as it stands there.</summary>
public sealed class SnippetTests
{
    // What a project of the web SDK has without asking.
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Net.Http.Json;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Hosting;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging;
        """;

    private static readonly string Root =
        typeof(SnippetTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static item => item.Key == "RepositoryRoot").Value!;

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(static path => MetadataReference.CreateFromFile(path)),
    ];

    public static TheoryData<string, int> Snippets()
    {
        var snippets = new TheoryData<string, int>();
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md").Prepend(Path.Combine(Root, "README.md")))
        {
            int count = SnippetsOf(file).Count;
            for (int i = 1; i <= count; i++)
            {
                snippets.Add(Path.GetRelativePath(Root, file), i);
            }
        }

        return snippets;
    }

    [Theory]
    [MemberData(nameof(Snippets))]
    public void Snippet_Compiles(string file, int number)
    {
        string code = SnippetsOf(Path.Combine(Root, file))[number - 1];

        // What begins with its own usings is a whole program, and has nothing else.
        bool isProgram = code.StartsWith("using System", StringComparison.Ordinal);
        string surroundings = isProgram ? "" : File.ReadAllText(Path.Combine(Root, "tests/Gai.Pipelines.FunctionalTests/Documentation/Surroundings.cs.txt"));
        if (code.StartsWith("yield", StringComparison.Ordinal))
        {
            code = $"static async IAsyncEnumerable<SseItem<string>> ItemsAsync() {{ await Task.Yield(); {code} }}";
        }

        Assert.Empty(Errors(ImplicitUsings, surroundings, code));
    }

    [Fact]
    public void Snippet_WithAMistake_DoesNot() => Assert.NotEmpty(Errors(ImplicitUsings, "", "WebApplication.CreateBuilder(args).Services.AddGaiPipeline();"));

    private static List<string> SnippetsOf(string file)
    {
        List<string> snippets = [];
        string[] parts = File.ReadAllText(file).Split("```csharp\n");
        foreach (string part in parts[1..])
        {
            snippets.Add(part[..part.IndexOf("```", StringComparison.Ordinal)]);
        }

        return snippets;
    }

    private static IEnumerable<Diagnostic> Errors(params string[] sources)
    {
        Compilation compilation = CSharpCompilation.Create(
            "Snippet",
            sources.Select(static source => CSharpSyntaxTree.ParseText(SourceText.From(source))),
            References,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, allowUnsafe: false, nullableContextOptions: NullableContextOptions.Enable));
        CSharpGeneratorDriver.Create(JsonGenerators()).RunGeneratorsAndUpdateCompilation(compilation, out compilation, out _);
        return compilation.GetDiagnostics().Where(static diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
    }

    /// <summary>The generator of <c>JsonSerializerContext</c>, which the SDK brings along.</summary>
    private static ImmutableArray<ISourceGenerator> JsonGenerators()
    {
        string packs = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../packs/Microsoft.NETCore.App.Ref"));
        string pack = Directory.EnumerateDirectories(packs, $"{Environment.Version.Major}.*").Order(StringComparer.Ordinal).Last();
        var file = new AnalyzerFileReference(Path.Combine(pack, "analyzers/dotnet/cs/System.Text.Json.SourceGeneration.dll"), new Loader());
        return file.GetGenerators(LanguageNames.CSharp);
    }

    private sealed class Loader : IAnalyzerAssemblyLoader
    {
        public void AddDependencyLocation(string fullPath)
        {
        }

        public Assembly LoadFromPath(string fullPath) => Assembly.LoadFrom(fullPath);
    }
}
