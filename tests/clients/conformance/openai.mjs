// The official OpenAI client: chat completions, completions and responses.
import { leaving, model, parse, report, weather } from './ask.mjs'

const open = async (packageName, base) => {
  const { default: OpenAI } = await import(packageName)
  return new OpenAI({ baseURL: `${base}/v1`, apiKey: 'none', maxRetries: 0 })
}

const usageOfChat = (usage) => usage && { input: usage.prompt_tokens, output: usage.completion_tokens, total: usage.total_tokens }

export const chat = (packageName) => async (base) => {
  const client = await open(packageName, base)

  const say = async (ask, messages, seen) => {
    const body = {
      model,
      messages,
      ...(ask.maxTokens && { max_completion_tokens: ask.maxTokens }),
      ...(ask.tools && { tools: [{ type: 'function', function: weather }] }),
    }
    if (ask.way === 'whole') {
      return await client.chat.completions.create(body)
    }

    const stream = client.chat.completions.stream({ ...body, stream_options: { include_usage: true } })
    for await (const chunk of stream) {
      seen.events++
      seen.reasoning += chunk.choices[0]?.delta.reasoning_content ?? ''
      seen.text += chunk.choices[0]?.delta.content ?? ''
      if (ask.stop && seen.text) {
        await leaving(seen, () => stream.abort())
        return null
      }
    }

    return await stream.finalChatCompletion()
  }

  return async (ask, seen) => {
    const messages = ask.bad ? [] : [{ role: 'user', content: ask.prompt }]
    let answer = await say(ask, messages, seen)
    if (answer === null) return
    const calls = answer.choices[0].message.tool_calls ?? []
    seen.calls = calls.map(({ id, function: { name, arguments: json } }) => ({ id, name, input: parse(json) }))
    if (ask.answerTools) {
      messages.push(answer.choices[0].message)
      for (const { id, input } of seen.calls) {
        messages.push({ role: 'tool', tool_call_id: id, content: JSON.stringify(report(input)) })
      }
      answer = await say({ ...ask, answerTools: false }, messages, seen)
    }

    // What the helper has put together counts, not what the chunks say.
    seen.text = answer.choices[0].message.content ?? ''
    seen.reasoning ||= answer.choices[0].message.reasoning_content ?? ''
    seen.finish = answer.choices[0].finish_reason
    seen.usage = usageOfChat(answer.usage)
  }
}

export const completions = (packageName) => async (base) => {
  const client = await open(packageName, base)
  return async (ask, seen) => {
    const body = { model, prompt: ask.bad ? { no: 'prompt' } : ask.prompt, ...(ask.maxTokens && { max_tokens: ask.maxTokens }) }
    if (ask.way === 'whole') {
      const answer = await client.completions.create(body)
      seen.text = answer.choices[0].text
      seen.finish = answer.choices[0].finish_reason
      seen.usage = usageOfChat(answer.usage)
      return
    }

    const stream = await client.completions.create({ ...body, stream: true, stream_options: { include_usage: true } })
    for await (const chunk of stream) {
      seen.events++
      seen.text += chunk.choices[0]?.text ?? ''
      seen.finish = chunk.choices[0]?.finish_reason ?? seen.finish
      seen.usage = usageOfChat(chunk.usage) ?? seen.usage
      if (ask.stop && seen.text) {
        await leaving(seen, () => stream.controller.abort())
        return
      }
    }
  }
}

export const responses = (packageName) => async (base) => {
  const client = await open(packageName, base)

  const say = async (ask, input, seen) => {
    const body = {
      model,
      input,
      ...(ask.maxTokens && { max_output_tokens: ask.maxTokens }),
      ...(ask.tools && { tools: [{ type: 'function', strict: true, ...weather }] }),
    }
    if (ask.way === 'whole') {
      return await client.responses.create(body)
    }

    const stream = client.responses.stream(body)
    for await (const event of stream) {
      seen.events++
      if (event.type === 'response.output_text.delta') seen.text += event.delta
      if (ask.stop && seen.text) {
        await leaving(seen, () => stream.abort())
        return null
      }
    }

    return await stream.finalResponse()
  }

  return async (ask, seen) => {
    const input = ask.bad ? { no: 'input' } : [{ role: 'user', content: ask.prompt }]
    let answer = await say(ask, input, seen)
    if (answer === null) return
    seen.calls = answer.output.filter((item) => item.type === 'function_call')
      .map(({ call_id, name, arguments: json }) => ({ id: call_id, name, input: parse(json) }))
    if (ask.answerTools) {
      input.push(...answer.output.map(({ parsed_arguments, ...item }) => item))
      for (const { id, input: args } of seen.calls) {
        input.push({ type: 'function_call_output', call_id: id, output: JSON.stringify(report(args)) })
      }
      answer = await say({ ...ask, answerTools: false }, input, seen)
    }

    seen.text = answer.output_text
    seen.reasoning = answer.output.filter((item) => item.type === 'reasoning')
      .flatMap((item) => [...(item.summary ?? []), ...(item.content ?? [])]).map((part) => part.text).join('')
    seen.finish = answer.incomplete_details?.reason ?? answer.status
    seen.usage = answer.usage && { input: answer.usage.input_tokens, output: answer.usage.output_tokens, total: answer.usage.total_tokens }
    if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code })
  }
}
