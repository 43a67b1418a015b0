// The AI SDK of Vercel: streamText and generateText over the providers for OpenAI, for what is like it, and for Anthropic.
import { leaving, model, report, weather } from './ask.mjs'

export const compatibleChat = (set) => talk(set, async (base) => {
  const { createOpenAICompatible } = await import(set.compatible)
  return createOpenAICompatible({ name: 'gai', baseURL: `${base}/v1`, apiKey: 'none', includeUsage: true }).chatModel(model)
})

export const compatibleCompletions = (set) => talk(set, async (base) => {
  const { createOpenAICompatible } = await import(set.compatible)
  return createOpenAICompatible({ name: 'gai', baseURL: `${base}/v1`, apiKey: 'none', includeUsage: true }).completionModel(model)
})

export const openaiChat = (set) => talk(set, async (base) => {
  const { createOpenAI } = await import(set.openai)
  return createOpenAI({ baseURL: `${base}/v1`, apiKey: 'none' }).chat(model)
})

export const openaiResponses = (set) => talk(set, async (base) => {
  const { createOpenAI } = await import(set.openai)
  return createOpenAI({ baseURL: `${base}/v1`, apiKey: 'none' }).responses(model)
})

export const anthropic = (set) => talk(set, async (base) => {
  const { createAnthropic } = await import(set.anthropic)
  return createAnthropic({ baseURL: `${base}/v1`, apiKey: 'none' })(model)
})

const usageOf = (usage) => usage && { input: usage.inputTokens, output: usage.outputTokens, total: usage.totalTokens ?? null }

const callOf = ({ toolCallId, toolName, input }) => ({ id: toolCallId, name: toolName, input })

const talk = (set, open) => async (base) => {
  const { generateText, jsonSchema, streamText, tool } = await import(set.ai)
  const languageModel = await open(base)

  const say = async (ask, messages, seen) => {
    seen.text = ''
    const abort = new AbortController()
    const request = {
      model: languageModel,
      messages,
      maxRetries: 0,
      abortSignal: abort.signal,
      onError() {},
      // The provider for OpenAI stores answers and refers to them unless told otherwise; this server stores none.
      providerOptions: { openai: { store: false } },
      // It checks for itself what it knows the limits of; this it leaves to the server.
      ...(ask.bad && { topP: 7 }),
      ...(ask.maxTokens && { maxOutputTokens: ask.maxTokens }),
      ...(ask.tools && { tools: { [weather.name]: tool({ description: weather.description, inputSchema: jsonSchema(weather.parameters) }) } }),
    }
    if (ask.way === 'whole') {
      const answer = await generateText(request)
      seen.text = answer.text
      seen.reasoning = answer.reasoningText ?? ''
      seen.calls.push(...answer.toolCalls.map(callOf))
      seen.finish = answer.finishReason
      seen.usage = usageOf(answer.usage)
      return answer.response.messages
    }

    const answer = streamText(request)
    for await (const part of answer.fullStream) {
      seen.events++
      if (part.type === 'text-delta') seen.text += part.text
      if (part.type === 'reasoning-delta') seen.reasoning += part.text
      if (part.type === 'tool-call') seen.calls.push(callOf(part))
      if (part.type === 'finish') {
        seen.finish = part.finishReason
        seen.usage = usageOf(part.totalUsage)
      }
      if (part.type === 'error') {
        seen.finish = null
        throw part.error
      }
      if (ask.stop && seen.text) {
        await leaving(seen, () => abort.abort())
        return []
      }
    }

    return (await answer.response).messages
  }

  return async (ask, seen) => {
    const messages = [{ role: 'user', content: ask.prompt }]
    messages.push(...await say(ask, messages, seen))
    if (ask.answerTools) {
      messages.push({
        role: 'tool',
        content: seen.calls.map(({ id, name, input }) =>
          ({ type: 'tool-result', toolCallId: id, toolName: name, output: { type: 'json', value: report(input) } })),
      })
      await say({ ...ask, answerTools: false }, messages, seen)
    }
  }
}
