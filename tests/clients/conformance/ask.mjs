// An ask: {case, prompt, way: "stream"|"whole", tools: declare get_weather, answerTools: send the results back,
//          maxTokens, stop: leave at the first text, bad: send something that no server should accept}
// Seen:   {case, text, reasoning, calls: [{id, name, input}], results: [{id, output}], finish, usage: {input, output, total},
//          events: how many, stoppedAt: milliseconds since 1970, error: {class, status, code, type, message, retryAfter}}

const patience = 25_000

export const model = 'alice-trigram'

/** What get_weather looks like to the model. */
export const weather = {
  name: 'get_weather',
  description: 'Tells the weather in a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
}

/** What get_weather answers. */
export const report = ({ city }) => ({ city, tempC: 21, sky: 'sunny' })

export async function see(answer, ask) {
  const seen = { case: ask.case, text: '', reasoning: '', calls: [], results: [], finish: null, usage: null, events: 0, stoppedAt: null, error: null }
  let timer
  try {
    await Promise.race([
      answer(ask, seen),
      new Promise((_, reject) => { timer = setTimeout(() => reject(new TooLong()), patience) }),
    ])
  } catch (error) {
    if (!seen.stoppedAt || !isAbort(error)) seen.error = describe(error)
  }

  clearTimeout(timer)
  return seen
}

class TooLong extends Error {
  message = `The client has not come to an end within ${patience / 1000} s.`
}

// A client that is told to stop may say so.
const isAbort = (error) => /abort/i.test(`${error?.name} ${error?.constructor?.name}`)

/** Notes when the client left. */
export async function leaving(seen, leave) {
  seen.stoppedAt = Date.now()
  await leave()
}

export function describe(error) {
  // A part of a stream may carry what is not an Error.
  if (error === null || typeof error !== 'object') {
    return { class: typeof error, status: null, code: null, type: null, message: String(error), retryAfter: null }
  }

  const headers = error.headers ?? error.responseHeaders
  const body = error.data?.error ?? error.error?.error ?? error.error
  return {
    class: error.name && error.name !== 'Error' ? error.name : error.constructor?.name ?? 'Object',
    status: error.status ?? error.statusCode ?? error.status_code ?? null,
    code: textOrNull(error.code ?? body?.code),
    type: textOrNull(error.type ?? body?.type),
    message: String(error.message ?? JSON.stringify(error)),
    retryAfter: textOrNull(headers?.get?.('retry-after') ?? headers?.['retry-after']),
  }
}

const textOrNull = (value) => value === undefined || value === null ? null : String(value)

export const parse = (json) => {
  try {
    return JSON.parse(json)
  } catch {
    return { notJson: json }
  }
}
