using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Chat.Model;

/// <summary>Holds the names of the providers.</summary>
internal static class ModelProviders
{
    /// <summary>The model that the sample ships. It needs no key and no network.</summary>
    public const string Embedded = "embedded";

    /// <summary>Any server that speaks OpenAI's chat completions.</summary>
    public const string OpenAICompatible = "openai-compatible";

    /// <summary>Anthropic, by the official client.</summary>
    public const string Anthropic = "anthropic";
}

/// <summary>Configures the model: the section <c>Model</c> of <c>appsettings.json</c>, the environment or the command line.</summary>
public sealed class ModelOptions
{
    /// <summary>Gets or sets who answers.</summary>
    /// <value><c>embedded</c> by default, <c>openai-compatible</c> or <c>anthropic</c>.</value>
    public string Provider { get; set; } = ModelProviders.Embedded;

    /// <summary>Gets or sets where the provider is.</summary>
    /// <value>For <c>openai-compatible</c> the address with the version, such as <c>http://localhost:8000/v1</c>; for <c>anthropic</c> without it, and by default Anthropic's own.</value>
    public string? BaseUrl { get; set; }

    /// <summary>Gets or sets the key of the provider.</summary>
    public string? ApiKey { get; set; }

    /// <summary>Gets or sets the model that is asked when a request names none.</summary>
    public string? Model { get; set; }

    /// <summary>Gets or sets the pace of an answer of the embedded model.</summary>
    /// <value>Tokens per second; 40 by default, 0 = as fast as the model can.</value>
    public double TokensPerSecond { get; set; } = 40;

    /// <summary>Gets or sets the seed of the dice: the same seed and the same conversation give the same answer.</summary>
    /// <value>1865 by default, 0 = another answer every time. A request's own seed comes first.</value>
    public int Seed { get; set; } = 1865;

    /// <summary>Gets or sets the length at which an answer is cut off. The model ends at a full stop before that where it can.</summary>
    /// <value>Tokens; 120 by default, at least 1. A request's own limit comes first.</value>
    public int MaxTokens { get; set; } = 120;
}

/// <summary>Checks <see cref="ModelOptions"/> when the application starts.</summary>
internal sealed class ModelOptionsValidator : IValidateOptions<ModelOptions>
{
    public ValidateOptionsResult Validate(string? name, ModelOptions options)
    {
        var builder = new ValidateOptionsResultBuilder();
        if (!double.IsFinite(options.TokensPerSecond) || options.TokensPerSecond < 0)
        {
            builder.AddError($"Model:TokensPerSecond is {options.TokensPerSecond}. Set a pace above 0, or 0 for as fast as the model can.");
        }

        if (options.MaxTokens < 1)
        {
            builder.AddError($"Model:MaxTokens is {options.MaxTokens}. Set 1 or more.");
        }

        CheckProvider(builder, options);
        return builder.Build();
    }

    private static void CheckProvider(ValidateOptionsResultBuilder builder, ModelOptions options)
    {
        switch (options.Provider)
        {
            case ModelProviders.Embedded when options.BaseUrl is not null:
                builder.AddError($"Model:BaseUrl is \"{options.BaseUrl}\", but Model:Provider is \"embedded\", which asks nobody. Set Model:Provider to \"openai-compatible\" or \"anthropic\", or remove the address.");
                break;
            case ModelProviders.Embedded:
                break;
            case ModelProviders.OpenAICompatible:
                Require(builder, nameof(ModelOptions.BaseUrl), options.BaseUrl, "the address of the server's API with its version, such as http://localhost:8000/v1");
                CheckAddress(builder, options.BaseUrl);
                break;
            case ModelProviders.Anthropic:
                Require(builder, nameof(ModelOptions.ApiKey), options.ApiKey, "your key");
                Require(builder, nameof(ModelOptions.Model), options.Model, "the name of a model");
                CheckAddress(builder, options.BaseUrl);
                break;
            default:
                builder.AddError($"Model:Provider is \"{options.Provider}\". Set \"embedded\", \"openai-compatible\" or \"anthropic\".");
                break;
        }
    }

    private static void Require(ValidateOptionsResultBuilder builder, string name, string? value, string what)
    {
        if (string.IsNullOrEmpty(value))
        {
            builder.AddError($"Model:{name} is missing, and this Model:Provider needs it. Set {what}.");
        }
    }

    private static void CheckAddress(ValidateOptionsResultBuilder builder, string? address)
    {
        if (!string.IsNullOrEmpty(address) && (!Uri.TryCreate(address, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https")))
        {
            builder.AddError($"Model:BaseUrl is \"{address}\". Set an absolute address of http or https.");
        }
    }
}
