// Reads a stream whose next event the server gives when it is told that the one before has been read. On stdin come the server,
// the media type, the content coding and the number of events, a line each; on stdout go the numbers of the events.
import { text } from 'node:stream/consumers'

const [base, accept, coding, count] = (await text(process.stdin)).trim().split('\n')
const signal = AbortSignal.timeout(60_000)
const next = (n) => fetch(`${base}next?n=${n}`, { method: 'POST', signal })

const response = await fetch(`${base}gated`, { headers: { Accept: accept, 'Accept-Encoding': coding }, signal })
if (response.headers.get('content-encoding') !== coding) {
  throw new Error(`The stream is ${response.headers.get('content-encoding')}, not ${coding}.`)
}

await next(1)
let rest = ''
for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + chunk).split('\n')
  rest = lines.pop()
  for (const line of lines.filter((line) => line !== '')) {
    const { n } = JSON.parse(line.replace(/^data: /, ''))
    console.log(n)
    await next(n + 1)
  }
}

if (rest !== '') throw new Error(`The stream ends with ${rest}`)
process.exit(0)
