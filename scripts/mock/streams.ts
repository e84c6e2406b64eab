/** Streams of the mock, whole at once: a chat in pieces, and the events of a job. */
import { answerExamples } from '../../core/api/endpoints/examples.ts'
import type { MockCall } from './answers.ts'
import type { MockStore } from './store.ts'

/** The text of the stream that is asked for; undefined where none is. */
export function streamOf(id: string, call: MockCall, store: MockStore): string | undefined {
  if (id === 'streamJob') {
    const job = store.job(call.params['id'] ?? '')
    if (!job) return undefined
    const text = job.output ?? 'A mock answer.'
    const end = { type: 'end', state: 'completed', finish: 'stop', amount: '1000' }
    return [
      event({ type: 'state', state: 'running' }, 'state'),
      event({ type: 'text', text, tokens: text.split(' ').length }, 'text'),
      event(end, 'end'),
    ].join('')
  }
  if (id !== 'createChatCompletion' || call.body['stream'] !== true) return undefined
  const whole = (answerExamples[id] ?? {}) as Readonly<Record<string, unknown>>
  const base = {
    id: 'chatcmpl-mock',
    object: 'chat.completion.chunk',
    created: whole['created'] ?? 0,
    model: String(call.body['model']),
    system_fingerprint: null,
  }
  const choice = (delta: unknown, finish: string | null) => ({
    ...base,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  })
  const chunks = [
    choice({ role: 'assistant', content: '' }, null),
    ...['A ', 'mock ', 'answer.'].map((content) => choice({ content }, null)),
    choice({}, 'stop'),
  ]
  return `${chunks.map((chunk) => event(chunk)).join('')}data: [DONE]\n\n`
}

const event = (data: unknown, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`
