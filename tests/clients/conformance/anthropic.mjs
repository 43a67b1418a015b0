// The official Anthropic client, with its helper that puts the message together.
import { leaving, model, report, weather } from './ask.mjs'

export const messages = (packageName) => async (base) => {
  const { default: Anthropic } = await import(packageName)
  const client = new Anthropic({ baseURL: base, apiKey: 'none', maxRetries: 0 })

  const say = async (ask, messages, seen) => {
    const body = {
      model,
      messages,
      max_tokens: ask.maxTokens ?? 1000,
      ...(ask.tools && { tools: [{ name: weather.name, description: weather.description, input_schema: weather.parameters }] }),
    }
    if (ask.way === 'whole') {
      return await client.messages.create(body)
    }

    const stream = client.messages.stream(body)
    for await (const event of stream) {
      seen.events++
      if (event.delta?.type === 'text_delta') seen.text += event.delta.text
      if (ask.stop && seen.text) {
        await leaving(seen, () => stream.abort())
        return null
      }
    }

    return await stream.finalMessage()
  }

  return async (ask, seen) => {
    const messages = ask.bad ? [] : [{ role: 'user', content: ask.prompt }]
    let answer = await say(ask, messages, seen)
    if (answer === null) return
    seen.calls = answer.content.filter((block) => block.type === 'tool_use').map(({ id, name, input }) => ({ id, name, input }))
    if (ask.answerTools) {
      messages.push({ role: 'assistant', content: answer.content })
      messages.push({
        role: 'user',
        content: seen.calls.map(({ id, input }) => ({ type: 'tool_result', tool_use_id: id, content: JSON.stringify(report(input)) })),
      })
      answer = await say({ ...ask, answerTools: false }, messages, seen)
    }

    const joined = (type) => answer.content.filter((block) => block.type === type).map((block) => block[type]).join('')
    seen.text = joined('text')
    seen.reasoning = joined('thinking')
    seen.finish = answer.stop_reason
    seen.usage = { input: answer.usage.input_tokens, output: answer.usage.output_tokens, total: null }
  }
}
