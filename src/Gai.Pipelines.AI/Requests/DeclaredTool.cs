using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>A tool that a client declares and runs itself.</summary>
internal sealed class DeclaredTool(string name, string? description, JsonElement schema, bool? strict) : AIFunctionDeclaration
{
    private static readonly JsonElement NoParameters = JsonDocument.Parse("""{"type":"object","properties":{}}""").RootElement;

    public override string Name => name;

    public override string Description => description ?? string.Empty;

    public override JsonElement JsonSchema => schema;

    public override IReadOnlyDictionary<string, object?> AdditionalProperties { get; } =
        strict is { } value ? new Dictionary<string, object?>(StringComparer.Ordinal) { ["strict"] = value } : new Dictionary<string, object?>(StringComparer.Ordinal);

    /// <summary>Reads a declaration whose schema stands in the given field; without one the tool takes no parameters.</summary>
    public static DeclaredTool Read(RequestValue tool, string schemaField)
    {
        string name = tool.RequiredText("name");
        return name.Length > 0
            ? new DeclaredTool(name, tool.Text("description"), tool.Optional(schemaField)?.AsObject() ?? NoParameters, tool.Bool("strict"))
            : throw tool.Required("name").Wrong("a name of at least one character");
    }
}
