using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting.Tests.Admission;

public sealed class StreamAdmissionTests
{
    private readonly Endpoint _chat = new(null, null, "chat");
    private readonly Endpoint _ticks = new(null, null, "ticks");

    [Fact]
    public void Enter_NoLimits_TakesNoPlaces()
    {
        using StreamAdmission admission = New(new());

        Assert.Same(Hosting.Admission.Unlimited, admission.Enter(ContextOf(_chat), null));
    }

    [Fact]
    public void Enter_ServerIsFull_RefusesUntilAPlaceIsFree()
    {
        using StreamAdmission admission = New(new() { MaxStreams = 2 });
        Hosting.Admission first = admission.Enter(ContextOf(_chat), null);
        using Hosting.Admission second = admission.Enter(ContextOf(_ticks), null);

        AssertRefused(StreamErrorCodes.Overloaded, admission.Enter(ContextOf(_chat), null));
        first.Dispose();
        using Hosting.Admission third = admission.Enter(ContextOf(_chat), null);
        Assert.Null(third.Refusal);
        AssertRefused(StreamErrorCodes.Overloaded, admission.Enter(ContextOf(_chat), null));
    }

    [Fact]
    public void Enter_EndpointIsFull_RefusesOnlyThere()
    {
        using StreamAdmission admission = New(new());
        using Hosting.Admission first = admission.Enter(ContextOf(_chat), 1);

        AssertRefused(StreamErrorCodes.Overloaded, admission.Enter(ContextOf(_chat), 1));
        using Hosting.Admission other = admission.Enter(ContextOf(_ticks), 1);
        Assert.Null(other.Refusal);
    }

    [Fact]
    public void Enter_ClientHasEnough_RefusesOnlyThem()
    {
        using StreamAdmission admission = New(new() { MaxStreamsPerClient = 1, ClientKey = context => context.Request.Headers.UserAgent });
        using Hosting.Admission ada = admission.Enter(ContextOf(_chat, "ada"), null);

        StreamError refusal = AssertRefused(StreamErrorCodes.RateLimited, admission.Enter(ContextOf(_ticks, "ada"), null));
        using Hosting.Admission grace = admission.Enter(ContextOf(_chat, "grace"), null);

        Assert.Contains(", 1;", refusal.Message, StringComparison.Ordinal);
        Assert.Null(grace.Refusal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public void Enter_EmptyKeyAndNoKey_AreNotOneClient(string? first)
    {
        string? key = first;
        using StreamAdmission admission = New(new() { MaxStreamsPerClient = 1, ClientKey = _ => key });
        using Hosting.Admission before = admission.Enter(ContextOf(_chat), null);
        key = null;
        using Hosting.Admission unlimited = admission.Enter(ContextOf(_chat), null);
        Assert.Null(unlimited.Refusal);

        key = "";
        using Hosting.Admission limited = admission.Enter(ContextOf(_chat), null);
        Assert.Equal(first is null, limited.Refusal is null);
        AssertRefused(StreamErrorCodes.RateLimited, admission.Enter(ContextOf(_chat), null));
    }

    [Fact]
    public void Dispose_StreamOfAClientWhoHasEnough_LetsThemOpenAnother()
    {
        using StreamAdmission admission = New(new() { MaxStreamsPerClient = 1, ClientKey = context => context.Request.Headers.UserAgent });
        admission.Enter(ContextOf(_chat, "ada"), null).Dispose();

        using Hosting.Admission again = admission.Enter(ContextOf(_chat, "ada"), null);

        Assert.Null(again.Refusal);
    }

    [Fact]
    public void Enter_ClientWithoutKey_IsNotLimited()
    {
        using StreamAdmission admission = New(new() { MaxStreamsPerClient = 1, ClientKey = static _ => null });
        using Hosting.Admission first = admission.Enter(ContextOf(_chat), null);
        using Hosting.Admission second = admission.Enter(ContextOf(_chat), null);

        Assert.Null(second.Refusal);
    }

    /// <summary>Who is refused by one limit must not keep the place that another one gave.</summary>
    [Fact]
    public void Enter_RefusedByTheLastLimit_GivesTheOtherPlacesBack()
    {
        using StreamAdmission admission = New(new() { MaxStreams = 2, MaxStreamsPerClient = 1, ClientKey = context => context.Request.Headers.UserAgent });
        using Hosting.Admission ada = admission.Enter(ContextOf(_chat, "ada"), 2);
        for (int i = 0; i < 3; i++)
        {
            AssertRefused(StreamErrorCodes.RateLimited, admission.Enter(ContextOf(_chat, "ada"), 2));
        }

        using Hosting.Admission grace = admission.Enter(ContextOf(_chat, "grace"), 2);
        Assert.Null(grace.Refusal);
    }

    [Fact]
    public void Enter_KeyThrows_GivesTheOtherPlacesBack()
    {
        using StreamAdmission admission = New(new()
        {
            MaxStreams = 1,
            MaxStreamsPerClient = 1,
            ClientKey = context => context.Request.Headers.UserAgent == "bad" ? throw new InvalidOperationException("secret") : "good",
        });

        Assert.Throws<InvalidOperationException>(() => admission.Enter(ContextOf(_chat, "bad"), 1));
        using Hosting.Admission place = admission.Enter(ContextOf(_chat, "good"), 1);
        Assert.Null(place.Refusal);
    }

    private static StreamError AssertRefused(string code, Hosting.Admission admission)
    {
        StreamError refusal = Assert.NotNull(admission.Refusal);
        Assert.Equal((code, true), (refusal.Code, refusal.Temporary));
        Assert.InRange(refusal.RetryAfter!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
        return refusal;
    }

    private static DefaultHttpContext ContextOf(Endpoint endpoint, string client = "")
    {
        var context = new DefaultHttpContext();
        context.SetEndpoint(endpoint);
        context.Request.Headers.UserAgent = client;
        return context;
    }

    private static StreamAdmission New(EventStreamOptions options) => new(Microsoft.Extensions.Options.Options.Create(options));
}
