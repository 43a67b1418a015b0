namespace Gai.Pipelines.FunctionalTests.Proxies;

/// <summary>Configurations of nginx. What is not said is its default: it buffers, and speaks HTTP/1.0 to the server.</summary>
internal static class NginxConfiguration
{
    // docs/operations.md says the same.
    private const string AsDocumented = """
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        """;

    private const string Compressing = AsDocumented + """

        gzip on;
        gzip_min_length 0;
        gzip_proxied any;
        gzip_types text/event-stream application/x-ndjson application/problem+json;
        """;

    public static string Default(int port, int server, TimeSpan silence) => Write(port, server, silence, "");

    public static string Http11(int port, int server, TimeSpan silence) => Write(port, server, silence, AsDocumented);

    public static string Gzip(int port, int server, TimeSpan silence) => Write(port, server, silence, Compressing);

    public static string IgnoringHeader(int port, int server, TimeSpan silence) => Write(port, server, silence, Compressing + """

        proxy_ignore_headers X-Accel-Buffering;
        proxy_buffering off;
        """);

    private static string Write(int port, int server, TimeSpan silence, string location) => $$"""
        daemon off;
        {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
        worker_processes 1;
        pid nginx.pid;
        error_log stderr;
        events {}
        http {
            access_log off;
            client_body_temp_path body;
            proxy_temp_path proxy;
            fastcgi_temp_path fastcgi;
            uwsgi_temp_path uwsgi;
            scgi_temp_path scgi;
            server {
                listen 127.0.0.1:{{port}};
                location / {
                    proxy_pass http://127.0.0.1:{{server}};
                    proxy_read_timeout {{silence.TotalSeconds}}s;
                    {{location}}
                }
            }
        }
        """;
}

/// <summary>Configurations of HAProxy.</summary>
internal static class HAProxyConfiguration
{
    public static string Default(int port, int server, TimeSpan silence) => Write(port, silence, $"server s 127.0.0.1:{server}");

    public static string Http2(int port, int server, TimeSpan silence) => Write(port, silence, $"server s 127.0.0.1:{server} proto h2");

    public static string Compression(int port, int server, TimeSpan silence) => Write(port, silence, $"""
        server s 127.0.0.1:{server}
            compression algo gzip
            compression type text/event-stream application/x-ndjson
        """);

    // docs/operations.md says the same of the options.
    private static string Write(int port, TimeSpan silence, string backend) => $"""
        defaults
            mode http
            option http-no-delay
            option abortonclose
            timeout connect 5s
            timeout client {silence.TotalSeconds}s
            timeout server {silence.TotalSeconds}s
        listen proxy
            bind 127.0.0.1:{port}
            {backend}

        """;
}
