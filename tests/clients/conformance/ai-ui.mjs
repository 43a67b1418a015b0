// The user interface side of the AI SDK: what useChat is made of (AbstractChat over DefaultChatTransport), without React.
import { leaving } from './ask.mjs'

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

  const textOf = (message) => message?.parts.filter((part) => part.type === 'text').map((part) => part.text).join('') ?? ''

  return async (ask, seen) => {
    const state = new State()
    let chunks = 0
    const transport = new DefaultChatTransport({
      api: `${base}/ui/api/chat`,
      ...(ask.bad && { prepareSendMessagesRequest: () => ({ body: { messages: 'none' } }) }),
    })
    const sendMessages = transport.sendMessages.bind(transport)
    transport.sendMessages = async (options) => (await sendMessages(options)).pipeThrough(new TransformStream({
      transform(chunk, controller) {
        chunks++
        controller.enqueue(chunk)
      },
    }))

    let failure = null
    let finished = null
    let left = false
    const one = new Chat({
      transport,
      onError: (error) => { failure = error },
      onFinish: (event) => { finished = event },
    }, state)
    state.onReplaced = (message) => {
      if (ask.stop && !left && textOf(message)) {
        left = true
        leaving(seen, () => one.stop())
      }
    }

    const send = async (text) => {
      failure = finished = null
      await one.sendMessage({ text })
      const message = state.messages.at(-1)?.role === 'assistant' ? state.messages.at(-1) : undefined
      seen.events = chunks
      seen.text = textOf(message)
      if (failure) throw failure
      return message
    }

    const message = await send(ask.prompt)
    if (left || !message) return
    const tools = message.parts.filter((part) => part.type.startsWith('tool-') || part.type === 'dynamic-tool')
    seen.calls = tools.map((part) => ({ id: part.toolCallId, name: part.toolName ?? part.type.slice('tool-'.length), input: part.input }))
    seen.results = tools.filter((part) => part.state === 'output-available').map((part) => ({ id: part.toolCallId, output: part.output }))
    seen.reasoning = message.parts.filter((part) => part.type === 'reasoning').map((part) => part.text).join('')
    seen.finish = finished?.finishReason ?? null
    const usage = message.metadata?.usage
    seen.usage = usage ? { input: usage.inputTokens, output: usage.outputTokens, total: usage.totalTokens ?? null } : null
    if (ask.then) {
      await send(ask.then)
    }
  }
}
