using Anthropic;
using Gai.Pipelines.AI;
using Gai.Pipelines.Chat.Model;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the model that answers as the application's <see cref="IChatClient"/>.</summary>
public static class ModelExtensions
{
    // A model that is asked for its first token may take this long to say that it has begun.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    /// <summary>Registers the model that the settings name: the embedded one, or that of a provider.</summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="configuration">The section <c>Model</c>: see <see cref="ModelOptions"/>.</param>
    public static IServiceCollection AddModel(this IServiceCollection services, IConfigurationSection configuration)
    {
        services.AddOptions<ModelOptions>().Bind(configuration).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ModelOptions>, ModelOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        switch (configuration[nameof(ModelOptions.Provider)])
        {
            case ModelProviders.OpenAICompatible:
                services.TryAddSingleton<IChatClient>(static all => OpenAICompatible(all.GetRequiredService<IOptions<ModelOptions>>().Value));
                break;
            case ModelProviders.Anthropic:
                services.TryAddSingleton<IChatClient>(static all => Anthropic(all.GetRequiredService<IOptions<ModelOptions>>().Value));
                break;
            default:
                services.TryAddSingleton(NGramModel.Train(Corpus()));
                services.TryAddSingleton<IChatClient, NGramChatClient>();
                break;
        }

        return services;
    }

    private static OpenAICompatibleChatClient OpenAICompatible(ModelOptions options)
    {
        var http = new HttpClient { Timeout = LongestWait };
        return new OpenAICompatibleChatClient(
            http, new OpenAICompatibleOptions { BaseAddress = new Uri(options.BaseUrl!), ApiKey = options.ApiKey, Model = options.Model });
    }

    /// <summary>The official client. It retries nothing: those of the gateway's clients do, and learn from the status and <c>Retry-After</c> when.</summary>
    private static AnthropicChatClient Anthropic(ModelOptions options)
    {
        var client = new AnthropicClient
        {
            ApiKey = options.ApiKey,
            BaseUrl = options.BaseUrl ?? "https://api.anthropic.com",
            HttpClient = new HttpClient(new ProviderErrorHandler(new SocketsHttpHandler())) { Timeout = LongestWait },
            MaxRetries = 0,
        };
        return new AnthropicChatClient(client.AsIChatClient(options.Model));
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
