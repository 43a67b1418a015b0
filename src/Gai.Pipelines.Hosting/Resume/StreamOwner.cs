using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>Tells whose a stream is: the name identifier of the signed-in principal.</summary>
internal static class StreamOwner
{
    /// <summary>Names the principal of a request.</summary>
    /// <returns><see langword="null"/> if nobody is signed in. Who is signed in without a name is nobody's equal, not even their own.</returns>
    public static string? Of(HttpContext context)
    {
        ClaimsPrincipal user = context.User;
        if (user.Identity?.IsAuthenticated != true)
        {
            return null;
        }

        return user.FindFirstValue(ClaimTypes.NameIdentifier) is { Length: > 0 } name ? name : $"? {LogId.New()}";
    }
}
