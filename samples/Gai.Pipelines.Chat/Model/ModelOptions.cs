using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Chat.Model;

/// <summary>Configures the embedded model: the section <c>Model</c> of <c>appsettings.json</c>, the environment or the command line.</summary>
public sealed class ModelOptions
{
    /// <summary>Gets or sets the pace of an answer.</summary>
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

        return builder.Build();
    }
}
