// Runs one client through all its cases and answers on stdout, one JSON object a case: what the client saw.
// On stdin comes {"base", "client", "asks": [...]}; see conformance/ask.mjs for what an ask is, and what is seen.
import { text } from 'node:stream/consumers'
import { clients } from './conformance/clients.mjs'
import { see } from './conformance/ask.mjs'

const { base, client, asks } = JSON.parse(await text(process.stdin))
if (!clients[client]) {
  throw new Error(`There is no client "${client}". There are: ${Object.keys(clients).join(', ')}.`)
}

// Some clients print what goes wrong; stdout belongs to the answers.
console.log = console.info = console.warn = (...words) => console.error(...words)

const answer = await clients[client](base)
await Promise.all(asks.map(async (ask) => {
  const seen = await see(answer, ask)
  process.stdout.write(JSON.stringify(seen) + '\n')
}))

// Connections that are kept for a next request would keep the process.
process.exit(0)
