// The official Ollama client: chat and generate.
import { leaving, model, report, weather } from './ask.mjs'

const open = async (packageName, base) => {
  const { Ollama } = await import(packageName)
  // A client of its own for each ask: abort() of one ends all that it has asked.
  return () => new Ollama({ host: `${base}/ollama` })
}

const end = (seen, part) => {
  seen.finish = part.done_reason
  seen.usage = { input: part.prompt_eval_count, output: part.eval_count, total: null }
}

export const chat = (packageName) => async (base) => {
  const newClient = await open(packageName, base)

  const say = async (ask, messages, seen) => {
    seen.text = ''
    const take = (part) => {
      seen.text += part.message.content
      seen.reasoning += part.message.thinking ?? ''
      for (const { id, function: { name, arguments: input } } of part.message.tool_calls ?? []) {
        seen.calls.push({ id: id ?? null, name, input })
      }
      if (part.done) end(seen, part)
    }
    const request = {
      model,
      messages,
      ...(ask.maxTokens && { options: { num_predict: ask.maxTokens } }),
      ...(ask.tools && { tools: [{ type: 'function', function: weather }] }),
    }
    if (ask.way === 'whole') {
      take(await newClient().chat(request))
      return
    }

    const stream = await newClient().chat({ ...request, stream: true })
    for await (const part of stream) {
      seen.events++
      take(part)
      if (ask.stop && seen.text) {
        await leaving(seen, () => stream.abort())
        return
      }
    }
  }

  return async (ask, seen) => {
    const messages = ask.bad ? 'none' : [{ role: 'user', content: ask.prompt }]
    await say(ask, messages, seen)
    if (ask.answerTools) {
      const { calls } = seen
      messages.push({ role: 'assistant', content: seen.text, tool_calls: calls.map(({ name, input }) => ({ function: { name, arguments: input } })) })
      for (const { name, input } of calls) {
        messages.push({ role: 'tool', tool_name: name, content: JSON.stringify(report(input)) })
      }
      await say({ ...ask, answerTools: false }, messages, seen)
    }
  }
}

export const generate = (packageName) => async (base) => {
  const newClient = await open(packageName, base)
  return async (ask, seen) => {
    const take = (part) => {
      seen.text += part.response
      seen.reasoning += part.thinking ?? ''
      if (part.done) end(seen, part)
    }
    const request = { model, prompt: ask.bad ? { no: 'prompt' } : ask.prompt, ...(ask.maxTokens && { options: { num_predict: ask.maxTokens } }) }
    if (ask.way === 'whole') {
      take(await newClient().generate(request))
      return
    }

    const stream = await newClient().generate({ ...request, stream: true })
    for await (const part of stream) {
      seen.events++
      take(part)
      if (ask.stop && seen.text) {
        await leaving(seen, () => stream.abort())
        return
      }
    }
  }
}
