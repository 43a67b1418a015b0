namespace Gai.Pipelines.AI.Tests.Providers;

/// <summary>What failures of a provider are called.</summary>
public sealed class ProviderErrorsTests
{
    /// <summary>So says TLS whose connection ends in the middle, and nothing more.</summary>
    [Fact]
    public void Translate_ConnectionEndsWithinTls_IsTheNetwork() =>
        Assert.Equal((StreamErrorCodes.Network, true), ProviderErrors.Translate(new IOException("Received an unexpected EOF or 0 bytes from the transport stream.")) is { Error: var error } ? (error.Code, error.Temporary) : default);

    [Fact]
    public void Translate_FileIsMissing_IsNothingOfAProvider() => Assert.Null(ProviderErrors.Translate(new FileNotFoundException()));
}
