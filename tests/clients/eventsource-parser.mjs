// Runs npm's eventsource-parser over the cases that come on stdin, one JSON object a line: {"id", "base64"}.
// Answers on stdout, one a line: {"id", "whole", "pieces"}, what it read in one piece and byte by byte.
import { createParser } from 'eventsource-parser'
import { createInterface } from 'node:readline'

function read(bytes, size) {
  const events = []
  const comments = []
  let retry = null
  const parser = createParser({
    onEvent: ({ event, data, id }) => events.push({ event: event ?? null, data, id: id ?? null }),
    onComment: (comment) => comments.push(comment),
    onRetry: (milliseconds) => { retry = milliseconds },
  })
  // The parser takes the byte order mark away itself.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  for (let at = 0; at < bytes.length; at += size) {
    parser.feed(decoder.decode(bytes.subarray(at, at + size), { stream: true }))
  }
  return { events, comments, retry }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, base64 } = JSON.parse(line)
  const bytes = Buffer.from(base64, 'base64')
  process.stdout.write(JSON.stringify({ id, whole: read(bytes, bytes.length || 1), pieces: read(bytes, 1) }) + '\n')
}
