// Clients of the dialects gai and gai.events.v1, on /chat and /v1/events: readers of SSE that know nothing of AI, and fetch.
import { leaving } from './ask.mjs'

const paths = { gai: '/chat', events: '/v1/events' }

// Fields of gai differ between SSE and records: see docs/dialects.md.
const kinds = {
  start: () => {},
  text_delta: (seen, data) => { seen.text += data.text },
  reasoning_delta: (seen, data) => { seen.reasoning += data.text },
  tool_call: (seen, { tool_call: call, tool_id, tool_name, input }) =>
    seen.calls.push(call ? { id: call.id, name: call.name, input: call.input } : { id: tool_id, name: tool_name, input }),
  tool_result: (seen, { tool_result: result, tool_id, result: output }) =>
    seen.results.push(tool_id === undefined ? { id: result.id, output: result.result } : { id: tool_id, output }),
  finish_step: () => {},
  finish: (seen, data) => finish(seen, data),
  error: (_, data) => { throw new StreamFailed(data.error, data) },
  'text.delta': (seen, data) => { seen.text += data.text },
  'reasoning.delta': (seen, data) => { seen.reasoning += data.text },
  'tool.call': (seen, data) => seen.calls.push({ id: data.call_id, name: data.tool_call.name, input: data.tool_call.input }),
  'tool.result': (seen, data) => seen.results.push({ id: data.call_id, output: data.tool_result }),
  'step.end': () => {},
  'events.error': (_, { error }) => { throw new StreamFailed(error.message, error) },
}

const finish = (seen, { finish_reason, usage }) => {
  seen.finish = finish_reason
  seen.usage = usage && { input: usage.input_tokens, output: usage.output_tokens, total: usage.total_tokens }
}

class StreamFailed extends Error {
  constructor(message, { code, retry_after_ms }) {
    super(message)
    this.code = code
    this.headers = { 'retry-after': retry_after_ms === undefined ? null : String(retry_after_ms / 1000) }
  }
}

class Refused extends Error {
  constructor(response, text) {
    super(text)
    this.status = response.status
    this.headers = response.headers
  }
}

class EndedTooSoon extends Error {
  message = 'The stream ended before the answer did.'
}

/** Takes one event in; true when the answer is whole. */
function take(dialect, seen, kind, data) {
  seen.events++
  if (kind === 'done') return true
  const known = kinds[dialect === 'events' && kind === 'error' ? 'events.error' : kind]
  if (!known) throw new Error(`The event ${kind} is unknown.`)
  known(seen, data)
  return false
}

const post = (base, dialect, ask, accept, signal) => fetch(base + paths[dialect], { ...init(ask, accept), signal })

const init = (ask, accept) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', accept },
  body: JSON.stringify({ messages: ask.bad ? [] : [{ role: 'user', content: ask.prompt }] }),
})

export const eventSource = (packageName, dialect) => async (base) => {
  const { EventSource } = await import(packageName)
  return (ask, seen) => new Promise((resolve, reject) => {
    const source = new EventSource(base + paths[dialect] + (ask.bad ? '' : '?q=' + encodeURIComponent(ask.prompt)))
    const end = (settle, value) => {
      source.close()
      settle(value)
    }
    const on = (kind) => (event) => {
      try {
        if (take(dialect, seen, kind, JSON.parse(event.data))) return end(resolve)
        if (ask.stop && seen.text) leaving(seen, () => end(resolve))
      } catch (error) {
        end(reject, error)
      }
    }
    for (const kind of ['done', ...Object.keys(kinds).filter((kind) => !kind.includes('error'))]) {
      source.addEventListener(kind, on(kind))
    }
    source.addEventListener('gai.error', on('error'))
    source.onmessage = () => end(reject, new Error('An event without a name.'))
    source.onerror = (event) => end(reject, source.readyState === EventSource.CLOSED
      ? Object.assign(new Refused({ status: event.code, headers: null }, event.message))
      : new EndedTooSoon())
  })
}

export const fetchEventSource = (dialect) => async (base) => {
  // It is made for browsers and asks for a page.
  globalThis.window = globalThis
  globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} }
  const { fetchEventSource } = await import('@microsoft/fetch-event-source')
  return async (ask, seen) => {
    const abort = new AbortController()
    let done = false
    await fetchEventSource(base + paths[dialect], {
      ...init(ask, 'text/event-stream'),
      signal: abort.signal,
      async onopen(response) {
        if (!response.ok) throw new Refused(response, await response.text())
      },
      onmessage({ event, data }) {
        // A comment is an empty message to this client.
        if (data === '' && event === '') return
        done = take(dialect, seen, event === 'gai.error' ? 'error' : event, JSON.parse(data)) || done
        if (ask.stop && seen.text && !seen.stoppedAt) leaving(seen, () => abort.abort())
      },
      onclose() {
        if (!done) throw new EndedTooSoon()
      },
      onerror(error) { throw error },
    })
  }
}

export const eventSourceParser = (packageName, dialect) => async (base) => {
  const { EventSourceParserStream } = await import(`${packageName}/stream`)
  return async (ask, seen) => {
    const abort = new AbortController()
    const response = await post(base, dialect, ask, 'text/event-stream', abort.signal)
    if (!response.ok) throw new Refused(response, await response.text())
    const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
    for await (const { event, data } of events) {
      if (take(dialect, seen, event === 'gai.error' ? 'error' : event, JSON.parse(data))) return
      if (ask.stop && seen.text) return await leaving(seen, () => abort.abort())
    }
    throw new EndedTooSoon()
  }
}

export const ndjson = (dialect) => async (base) => async (ask, seen) => {
  const abort = new AbortController()
  const response = await post(base, dialect, ask, ask.way === 'whole' ? 'application/json' : 'application/x-ndjson', abort.signal)
  if (!response.ok) throw new Refused(response, await response.text())
  if (ask.way === 'whole') {
    if (!(await response.json()).map((record) => take(dialect, seen, record.type, record)).at(-1)) throw new EndedTooSoon()
    return
  }

  let rest = ''
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop()
    for (const record of lines.map((line) => JSON.parse(line))) {
      if (take(dialect, seen, record.type, record)) return
      if (ask.stop && seen.text) return await leaving(seen, () => abort.abort())
    }
  }
  throw new EndedTooSoon()
}
