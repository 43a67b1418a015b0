using System.Buffers;

namespace Gai.Pipelines.Internal;

/// <summary>Brings frames from a store into a log's memory. Those of a topic have no ids there, since the store has numbered them: they get them here, once a node.</summary>
internal sealed class LogStamp(StreamLog log)
{
    private readonly LogMemory _memory = log.Memory;
    private FrameWriter? _frames;
    private FrameIds? _ids;

    /// <summary>Adds frames that follow the last one.</summary>
    public void Append(LogBatch batch)
    {
        if (log.Description.Kind == LogKind.Generation)
        {
            for (int i = 0; i < batch.Count; i++)
            {
                _memory.Append(batch[i]);
            }

            return;
        }

        _frames ??= new FrameWriter(new LogWriter(_memory), FrameWriter.NoLimit);
        if (_ids?.Next != batch.FirstSequence)
        {
            _ids = new FrameIds(log.Description.Id, log.Description.Format, batch.FirstSequence);
        }

        for (int i = 0; i < batch.Count; i++)
        {
            int start = _ids.Begin(_frames);
            _frames.Write(batch[i]);
            _ids.End(_frames, start, _memory);
            _frames.Commit();
        }

        _frames.Publish();
    }

    /// <summary>Gives frames their ids on their way to one cursor.</summary>
    public static void Rewrite(LogDescription log, LogBatch from, LogBatch to)
    {
        to.Clear(from.FirstSequence);
        if (log.Kind == LogKind.Generation)
        {
            to.Add(from.Bytes.Span, from.Ends.Span);
        }

        if (log.Kind == LogKind.Generation || from.Count == 0)
        {
            return;
        }

        var bytes = new ArrayBufferWriter<byte>(from.Bytes.Length + (from.Count * 64));
        var frames = new FrameWriter(bytes, FrameWriter.NoLimit);
        var ids = new FrameIds(log.Id, log.Format, from.FirstSequence);
        for (int i = 0; i < from.Count; i++)
        {
            bytes.ResetWrittenCount();
            int start = ids.Begin(frames);
            frames.Write(from[i]);
            ids.End(frames, start, memory: null);
            frames.Commit();
            frames.Publish();
            to.Add(bytes.WrittenSpan);
        }
    }
}
