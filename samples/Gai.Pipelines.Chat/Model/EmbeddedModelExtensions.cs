using Gai.Pipelines.Chat.Model;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the embedded model as the application's <see cref="IChatClient"/>.</summary>
public static class EmbeddedModelExtensions
{
    /// <summary>Trains the embedded model on the text that the sample ships, and registers it.</summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="configuration">The section <c>Model</c>: see <see cref="ModelOptions"/>.</param>
    public static IServiceCollection AddEmbeddedModel(this IServiceCollection services, IConfigurationSection configuration)
    {
        services.AddOptions<ModelOptions>().Bind(configuration).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ModelOptions>, ModelOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(NGramModel.Train(Corpus()));
        services.TryAddSingleton<IChatClient, NGramChatClient>();
        return services;
    }

    private static IEnumerable<string> Corpus()
    {
        using Stream book = typeof(NGramModel).Assembly.GetManifestResourceStream("alice.txt")!;
        using var reader = new StreamReader(book);
        while (reader.ReadLine() is string line)
        {
            if (line.Length > 0 && line[0] != '#')
            {
                yield return line;
            }
        }
    }
}
