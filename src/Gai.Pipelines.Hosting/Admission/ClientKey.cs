using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>Tells clients apart: the signed-in user, else the remote address.</summary>
internal static class ClientKey
{
    // One customer of a provider has 2^64 addresses of IPv6 (RFC 6177): what stands for a client is its network.
    private const int NetworkBytes = 8;

    public static string Of(HttpContext context)
    {
        ClaimsPrincipal user = context.User;
        return user.Identity?.IsAuthenticated == true && user.FindFirstValue(ClaimTypes.NameIdentifier) is { Length: > 0 } name
            ? string.Create(CultureInfo.InvariantCulture, $"user {name}")
            : string.Create(CultureInfo.InvariantCulture, $"address {NetworkOf(context.Connection.RemoteIpAddress)}");
    }

    private static IPAddress? NetworkOf(IPAddress? address)
    {
        if (address is null or { AddressFamily: not AddressFamily.InterNetworkV6 } || address.IsIPv4MappedToIPv6)
        {
            return address?.MapToIPv4();
        }

        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(NetworkBytes).Clear();
        return new IPAddress(bytes);
    }
}
