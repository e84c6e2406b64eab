/**
 * The answer as it is made: follows the job's event stream, picks it up again when it breaks, and shows
 * text once, also when a second miner starts over.
 */
import { setTimeout as pause } from 'node:timers/promises'
import * as z from 'zod'
import {
  emptySplice,
  isSpliceWhole,
  type Splice,
  spliceReset,
  spliceText,
} from '../core/jobs/stream-splice.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import { isPassing } from './patience.ts'
import type { Session } from './session.ts'
import { faultOf } from './site-client.ts'

/** How the answer ended. */
export type Answer = {
  readonly text: string
  readonly finish: string
  readonly promptTokens: number
  readonly completionTokens: number
}

const eventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('state'),
    state: z.string(),
    miner_id: z.string().optional(),
    attempt: z.int().optional(),
  }),
  z.object({ type: z.literal('reset') }),
  z.object({ type: z.literal('text'), text: z.string(), tokens: z.int().optional() }),
  z.object({
    type: z.literal('end'),
    state: z.string(),
    finish: z.string().optional(),
    prompt_tokens: z.int().optional(),
    completion_tokens: z.int().optional(),
    error: z.object({ code: z.string(), message: z.string() }).nullish(),
  }),
])
type JobEvent = z.infer<typeof eventSchema>
type EndEvent = Extract<JobEvent, { readonly type: 'end' }>

/** How long after the job's own end a silent stream is given up, and characters of one event. */
const graceMs = 60_000
const eventCharsMax = 1_048_576
const pauseFirstMs = 200
const pauseMostMs = 5_000

/** What was read and what was shown. */
type Reading = {
  /** Text of the attempt that is being read. */
  text: string
  splice: Splice
  /** State lines that were said already, which a new connection repeats. */
  readonly said: Set<string>
}

/** Follows a job to its end. Throws when it ended without an answer. */
export async function followAnswer(session: Session, jobId: string): Promise<Answer> {
  const reading: Reading = { text: '', splice: emptySplice, said: new Set() }
  const deadlineMs = Date.now() + session.options.ttlSeconds * 1_000 + graceMs
  let tries = 0
  while (Date.now() < deadlineMs) {
    const end = await readStream(session, jobId, reading).catch((error: unknown) => {
      const fault = faultOf(error, session.options.api, session.signal)
      if (!isPassing(fault)) throw fault
      session.say(`the stream broke (${fault.message}); trying again`)
      return undefined
    })
    if (end !== undefined) return answerOf(reading, end)
    const pauseMs = Math.min(pauseMostMs, pauseFirstMs * 2 ** tries)
    tries += 1
    await pause(pauseMs, undefined, { signal: session.signal }).catch(() => undefined)
  }
  throw new ClientFault(exitCodes.timeout, 'TIMEOUT', 'the job did not end in time')
}

/** Reads one connection; undefined when it was cut before the end. */
async function readStream(
  session: Session,
  jobId: string,
  reading: Reading,
): Promise<EndEvent | undefined> {
  const target = `/api/v1/jobs/${jobId}/stream`
  const { site, identity, signal } = session
  const response = await site.open({ target, identity, signal })
  // The stream begins at the answer's first word, whenever it is opened.
  restart(reading)
  for await (const data of serverSentData(response)) {
    const event = parseEvent(data)
    if (event.type === 'end') return event
    if (event.type === 'state') saySate(session, reading, event)
    else if (event.type === 'reset') restart(reading)
    else take(session, reading, event.text)
  }
  return undefined
}

function restart(reading: Reading): void {
  reading.text = ''
  reading.splice = spliceReset(reading.splice)
}

function take(session: Session, reading: Reading, text: string): void {
  reading.text += text
  const step = spliceText(reading.splice, text)
  if (step.ok) {
    reading.splice = step.splice
    if (step.send !== '') session.show(step.send)
    return
  }
  session.show('\n')
  session.say('another miner answers in other words; what counts begins here')
  reading.splice = { sent: reading.text, repeat: undefined }
  session.show(reading.text)
}

function saySate(
  session: Session,
  reading: Reading,
  event: Extract<JobEvent, { readonly type: 'state' }>,
): void {
  const by = event.miner_id === undefined ? '' : ` by ${event.miner_id}`
  const attempt = (event.attempt ?? 1) > 1 ? ` (attempt ${event.attempt})` : ''
  const line = `${event.state}${by}${attempt}`
  if (reading.said.has(line)) return
  reading.said.add(line)
  session.say(line)
}

function answerOf(reading: Reading, end: EndEvent): Answer {
  if (end.state === 'completed') {
    if (!isSpliceWhole(reading.splice)) {
      // The whole answer is shorter than what an attempt that was given up had said.
      reading.splice = { sent: reading.text, repeat: undefined }
    }
    return {
      text: reading.text,
      finish: end.finish ?? 'stop',
      promptTokens: end.prompt_tokens ?? 0,
      completionTokens: end.completion_tokens ?? 0,
    }
  }
  const message = end.error?.message ?? `the job ended as ${end.state}; nothing was charged`
  const code = end.error?.code ?? `JOB_${end.state.toUpperCase()}`
  const exitCode = end.state === 'expired' ? exitCodes.timeout : exitCodes.generic
  throw new ClientFault(exitCode, code, message)
}

/** Data of server-sent events; comments and names are not needed, since the data names its type. */
async function* serverSentData(response: Response): AsyncGenerator<string> {
  const { body } = response
  if (body === null) return
  const decoder = new TextDecoder()
  let pending = ''
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    pending += decoder.decode(chunk, { stream: true })
    const blocks = pending.split(/\r?\n\r?\n/)
    pending = blocks.pop() ?? ''
    if (pending.length > eventCharsMax) throw malformed('an event of the stream is too long')
    for (const block of blocks) {
      const data = block
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).replace(/^ /, ''))
      if (data.length > 0) yield data.join('\n')
    }
  }
}

function parseEvent(data: string): JobEvent {
  try {
    return eventSchema.parse(JSON.parse(data))
  } catch {
    throw malformed('an event of the stream is malformed')
  }
}

function malformed(message: string): ClientFault {
  return new ClientFault(exitCodes.server, 'ANSWER_INVALID', message)
}
