// All clients by the names that the tests use. A client loads its package when it is asked for, and no other.
import * as aiSdk from './ai-sdk.mjs'
import * as aiUi from './ai-ui.mjs'
import * as anthropic from './anthropic.mjs'
import * as native from './native.mjs'
import * as ollama from './ollama.mjs'
import * as openai from './openai.mjs'

const sdk7 = { ai: 'ai', compatible: '@ai-sdk/openai-compatible', openai: '@ai-sdk/openai', anthropic: '@ai-sdk/anthropic' }
const sdk6 = { ai: 'ai-6', compatible: '@ai-sdk/openai-compatible-2', openai: '@ai-sdk/openai-3', anthropic: '@ai-sdk/anthropic-3' }

export const clients = {
  'openai-7-chat': openai.chat('openai'),
  'openai-6-chat': openai.chat('openai-6'),
  'openai-7-completions': openai.completions('openai'),
  'openai-6-completions': openai.completions('openai-6'),
  'openai-7-responses': openai.responses('openai'),
  'openai-6-responses': openai.responses('openai-6'),
  'anthropic-1': anthropic.messages('@anthropic-ai/sdk'),
  'ollama-0-chat': ollama.chat('ollama'),
  'ollama-0-generate': ollama.generate('ollama'),
  'ai-7-compatible-chat': aiSdk.compatibleChat(sdk7),
  'ai-6-compatible-chat': aiSdk.compatibleChat(sdk6),
  'ai-7-compatible-completions': aiSdk.compatibleCompletions(sdk7),
  'ai-6-compatible-completions': aiSdk.compatibleCompletions(sdk6),
  'ai-7-openai-chat': aiSdk.openaiChat(sdk7),
  'ai-6-openai-chat': aiSdk.openaiChat(sdk6),
  'ai-7-openai-responses': aiSdk.openaiResponses(sdk7),
  'ai-6-openai-responses': aiSdk.openaiResponses(sdk6),
  'ai-7-anthropic': aiSdk.anthropic(sdk7),
  'ai-6-anthropic': aiSdk.anthropic(sdk6),
  'ai-7-ui': aiUi.chat('ai'),
  'ai-6-ui': aiUi.chat('ai-6'),
  'ai-7-ui-reader': aiUi.reader('ai'),
  'ai-6-ui-reader': aiUi.reader('ai-6'),
  'eventsource-5-gai': native.eventSource('eventsource', 'gai'),
  'eventsource-4-gai': native.eventSource('eventsource-4', 'gai'),
  'eventsource-5-events': native.eventSource('eventsource', 'events'),
  'eventsource-4-events': native.eventSource('eventsource-4', 'events'),
  'fetch-event-source-2-gai': native.fetchEventSource('gai'),
  'fetch-event-source-2-events': native.fetchEventSource('events'),
  'eventsource-parser-4-gai': native.eventSourceParser('eventsource-parser', 'gai'),
  'eventsource-parser-3-gai': native.eventSourceParser('eventsource-parser-3', 'gai'),
  'eventsource-parser-4-events': native.eventSourceParser('eventsource-parser', 'events'),
  'eventsource-parser-3-events': native.eventSourceParser('eventsource-parser-3', 'events'),
  'fetch-ndjson-gai': native.ndjson('gai'),
  'fetch-ndjson-events': native.ndjson('events'),
}
