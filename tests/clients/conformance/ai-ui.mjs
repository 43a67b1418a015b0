// The user interface side of the AI SDK: DefaultChatTransport under AbstractChat, which is what useChat is made of without React,
// and under readUIMessageStream.
import { leaving } from './ask.mjs'

const ofType = (message, type) => message.parts.filter((part) => part.type === type).map((part) => part.text).join('')

/** Makes a transport that counts the chunks and remembers what the last one says of the end. */
function watch(DefaultChatTransport, base, ask, seen) {
  const transport = new DefaultChatTransport({
    api: `${base}/ui/api/chat`,
    ...(ask.bad && { prepareSendMessagesRequest: () => ({ body: { messages: 'none' } }) }),
  })
  const sendMessages = transport.sendMessages.bind(transport)
  transport.sendMessages = async (options) => (await sendMessages(options)).pipeThrough(new TransformStream({
    transform(chunk, controller) {
      seen.events++
      controller.enqueue(chunk)
    },
  }))
  return transport
}

function take(message, seen) {
  const tools = message.parts.filter((part) => part.type.startsWith('tool-') || part.type === 'dynamic-tool')
  seen.calls = tools.map((part) => ({ id: part.toolCallId, name: part.toolName ?? part.type.slice('tool-'.length), input: part.input }))
  seen.results = tools.filter((part) => part.state === 'output-available').map((part) => ({ id: part.toolCallId, output: part.output }))
  seen.text = ofType(message, 'text')
  seen.reasoning = ofType(message, 'reasoning')
  const usage = message.metadata?.usage
  seen.usage = usage ? { input: usage.inputTokens, output: usage.outputTokens, total: usage.totalTokens ?? null } : null
}

export const chat = (packageName) => async (base) => {
  const { AbstractChat, DefaultChatTransport } = await import(packageName)

  class State {
    status = 'ready'
    error = undefined
    messages = []
    onReplaced = () => {}
    pushMessage = (message) => { this.messages = [...this.messages, message] }
    popMessage = () => { this.messages = this.messages.slice(0, -1) }
    replaceMessage = (index, message) => {
      this.messages = [...this.messages.slice(0, index), message, ...this.messages.slice(index + 1)]
      this.onReplaced(message)
    }
    snapshot = (thing) => structuredClone(thing)
  }

  class Chat extends AbstractChat {
    constructor(init, state) {
      super({ ...init, state })
    }
  }

  return async (ask, seen) => {
    const state = new State()
    let failure = null
    let finished = null
    const one = new Chat({
      transport: watch(DefaultChatTransport, base, ask, seen),
      onError: (error) => { failure = error },
      onFinish: (event) => { finished = event },
    }, state)
    state.onReplaced = (message) => {
      if (ask.stop && !seen.stoppedAt && ofType(message, 'text')) leaving(seen, () => one.stop())
    }

    for (const text of [ask.prompt, ask.then].filter(Boolean)) {
      await one.sendMessage({ text })
      const message = state.messages.at(-1)
      if (message?.role === 'assistant') take(message, seen)
      if (failure) throw failure
      seen.finish = finished?.finishReason ?? null
    }
  }
}

export const reader = (packageName) => async (base) => {
  const { DefaultChatTransport, readUIMessageStream } = await import(packageName)
  return async (ask, seen) => {
    const transport = watch(DefaultChatTransport, base, ask, seen)
    const messages = []
    for (const text of [ask.prompt, ask.then].filter(Boolean)) {
      messages.push({ id: `user-${messages.length}`, role: 'user', parts: [{ type: 'text', text }] })
      const abort = new AbortController()
      const chunks = await transport.sendMessages({ trigger: 'submit-message', chatId: ask.case, messages, abortSignal: abort.signal })

      // It tells of the message as it grows, and not of how it ended.
      const stream = chunks.pipeThrough(new TransformStream({
        transform(chunk, controller) {
          if (chunk.type === 'finish') seen.finish = chunk.finishReason
          controller.enqueue(chunk)
        },
      }))
      let message
      for await (message of readUIMessageStream({ stream, terminateOnError: true })) {
        take(message, seen)
        if (ask.stop && seen.text) return await leaving(seen, () => abort.abort())
      }
      messages.push(message)
    }
  }
}
