using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting.Tests.Admission;

public sealed class ClientKeyTests
{
    [Theory]
    [InlineData("192.0.2.7", "address 192.0.2.7")]
    [InlineData("::ffff:192.0.2.7", "address 192.0.2.7")]
    [InlineData("2001:db8:1:2:3:4:5:6", "address 2001:db8:1:2::")]
    [InlineData("::1", "address ::")]
    public void Of_NobodySignedIn_IsTheAddressOrItsNetwork(string address, string expected)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);

        Assert.Equal(expected, ClientKey.Of(context));
    }

    [Fact]
    public void Of_SignedInUser_IsTheirNameIdentifier()
    {
        Assert.Equal("user 192.0.2.7", ClientKey.Of(ContextOf(new Claim(ClaimTypes.NameIdentifier, "192.0.2.7"), "cookies")));
    }

    [Theory]
    [InlineData(ClaimTypes.NameIdentifier, null)]
    [InlineData(ClaimTypes.Email, "cookies")]
    public void Of_UserWhoIsNotSignedInOrHasNoIdentifier_IsTheAddress(string claim, string? authenticationType)
    {
        DefaultHttpContext context = ContextOf(new Claim(claim, "ada"), authenticationType);
        context.Connection.RemoteIpAddress = IPAddress.Loopback;

        Assert.Equal("address 127.0.0.1", ClientKey.Of(context));
    }

    private static DefaultHttpContext ContextOf(Claim claim, string? authenticationType) =>
        new() { User = new ClaimsPrincipal(new ClaimsIdentity([claim], authenticationType)) };
}
