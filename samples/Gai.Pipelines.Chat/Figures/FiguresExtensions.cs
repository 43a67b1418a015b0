using Gai.Pipelines.Chat.Figures;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Shows the figures of the library: to the page, and to a collector of OpenTelemetry.</summary>
public static class FiguresExtensions
{
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Listens to the library's meter. Exports by OTLP if the variable is set that every OpenTelemetry exporter reads.</summary>
    public static IServiceCollection AddFigures(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<StreamFigures>();
        if (!string.IsNullOrWhiteSpace(configuration[OtlpEndpoint]))
        {
            // The server's own source as well: a stream is sampled if its request is, and without it no request is.
            services.AddOpenTelemetry()
                .WithMetrics(metrics => metrics.AddMeter(StreamFigures.MeterName).AddOtlpExporter())
                .WithTracing(tracing => tracing.AddSource(StreamFigures.MeterName, "Microsoft.AspNetCore").AddOtlpExporter());
        }

        return services;
    }

    /// <summary>Maps a GET that answers with the figures since the program began.</summary>
    public static void MapFigures(this WebApplication app, string pattern)
    {
        // Made here and not by the first request: it listens from the beginning.
        StreamFigures figures = app.Services.GetRequiredService<StreamFigures>();
        app.MapGet(pattern, (HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "no-store";
            return TypedResults.Ok(figures.Read());
        });
    }
}
