using System.Text;

namespace Gai.Pipelines.Tests.Pump;

/// <summary>A dialect that one can read: <c>&lt;</c> opens, <c>a|</c> is an event (one without text is nothing), <c>~</c> keeps alive, <c>(2 missing)|</c> a gap, <c>!code</c> an error, <c>&gt;</c> ends.</summary>
internal sealed class MarkingDialect : Dialect<string>
{
    public Action? OnOpening { get; set; }

    public Action<string>? OnEvent { get; set; }

    public Action? OnError { get; set; }

    public Action? OnEnd { get; set; }

    public override void WriteOpening(FrameWriter output)
    {
        output.Write("<"u8);
        OnOpening?.Invoke();
    }

    public override void WriteEvent(FrameWriter output, in string item)
    {
        output.Write(Encoding.UTF8.GetBytes(item.Length > 0 ? item + "|" : item));
        OnEvent?.Invoke(item);
    }

    public override void WriteKeepAlive(FrameWriter output) => output.Write("~"u8);

    public override void WriteGap(FrameWriter output, long dropped) => output.Write(Encoding.UTF8.GetBytes($"({dropped} missing)|"));

    public override void WriteError(FrameWriter output, in StreamError error)
    {
        output.Write(Encoding.UTF8.GetBytes("!" + error.Code));
        OnError?.Invoke();
    }

    public override void WriteEnd(FrameWriter output)
    {
        output.Write(">"u8);
        OnEnd?.Invoke();
    }
}
