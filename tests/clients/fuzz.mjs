// Reads frames with npm's eventsource-parser and JSON.parse, and answers what it has read, in bytes. See tests/Gai.Pipelines.Fuzz/Canonical.cs.
// A question on stdin: format (0 SSE with text, 1 SSE with JSON, 2 records), the size of the pieces (0 for whole), the length, the bytes. An answer on stdout: its length, its bytes.
import { createParser } from 'eventsource-parser'

const HEAD = 12

// What any reader of lines takes for the end of one, beside LF: Python's str.splitlines() is the most generous.
const LINE_ENDS = ['\r', '\v', '\f', '\x1C', '\x1D', '\x1E', '\u0085', '\u2028', '\u2029']

let out = Buffer.allocUnsafe(1 << 20)
let at = 0

function room(bytes) {
  if (at + bytes > out.length) {
    const larger = Buffer.allocUnsafe(Math.max(out.length * 2, at + bytes))
    out.copy(larger, 0, 0, at)
    out = larger
  }
}

function string(text) {
  const length = text.length
  room(4 + 3 * length)
  let end = at + 4
  let i = 0
  if (length < 32) {
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 127) { break }
      out[end++] = unit
    }
  }
  if (i < length) {
    end = at + 4 + out.write(text, at + 4, 'utf8')
  }
  out.writeUInt32LE(end - at - 4, at)
  at = end
}

function mark(letter) {
  room(1)
  out[at++] = letter.charCodeAt(0)
}

function number(value) {
  room(8)
  at = out.writeDoubleLE(value, at)
}

function tree(value) {
  if (value === null) {
    mark('n')
  } else if (typeof value === 'string') {
    mark('s')
    string(value)
  } else if (typeof value === 'number') {
    mark('d')
    number(value)
  } else if (typeof value === 'boolean') {
    mark(value ? 't' : 'f')
  } else if (Array.isArray(value)) {
    mark('[')
    for (const item of value) { tree(item) }
    mark(']')
  } else {
    mark('{')
    for (const name of Object.keys(value)) {
      mark('k')
      string(name)
      tree(value[name])
    }
    mark('}')
  }
}

function json(text) {
  let value
  try {
    value = JSON.parse(text)
  } catch {
    mark('x')
    string(text)
    return
  }
  tree(value)
}

function readEvents(bytes, size, isJson) {
  let lastId = ''
  let retry = -1
  const parser = createParser({
    onId: (id) => { lastId = id },
    onRetry: (milliseconds) => { retry = milliseconds },
    onComment: (comment) => { mark('c'); string(comment) },
    onEvent: ({ event, data }) => {
      mark('e')
      string(event ?? 'message')
      string(lastId)
      number(retry)
      if (isJson) {
        json(data)
      } else {
        mark('s')
        string(data)
      }
    },
  })
  const text = bytes.toString('utf8')
  for (let from = 0; from < text.length; from += size) {
    parser.feed(text.slice(from, from + size))
  }
  mark('z')
  string(lastId)
  number(retry)
}

function readRecords(bytes) {
  let text = bytes.toString('utf8')
  for (const end of LINE_ENDS) {
    if (text.includes(end)) {
      text = text.replaceAll(end, '\n')
    }
  }
  const lines = text.split('\n')
  const rest = lines.pop()
  for (const line of lines) {
    if (line !== '') {
      mark('r')
      json(line)
    }
  }
  mark('z')
  string(rest)
}

function answer(question) {
  const format = question.readUInt32LE(0)
  const bytes = question.subarray(HEAD)
  const size = question.readUInt32LE(4) || bytes.length || 1
  at = 4
  if (format === 2) {
    readRecords(bytes)
  } else {
    readEvents(bytes, size, format === 1)
  }
  out.writeUInt32LE(at - 4, 0)
  return process.stdout.write(Buffer.from(out.subarray(0, at)))
}

let parts = []
let held = 0
let wanted = HEAD
for await (const chunk of process.stdin) {
  parts.push(chunk)
  held += chunk.length
  while (held >= wanted) {
    let all = parts.length === 1 ? parts[0] : Buffer.concat(parts)
    const whole = HEAD + all.readUInt32LE(8)
    if (held >= whole) {
      answer(all.subarray(0, whole))
      all = all.subarray(whole)
      held -= whole
      wanted = HEAD
    } else {
      wanted = whole
    }
    parts = [all]
    if (held < HEAD) { break }
  }
}
