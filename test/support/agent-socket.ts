/**
 * A miner for tests that speaks the socket protocol by hand: it can do what it should, or anything else.
 * It knows nothing of sockets themselves, so that it works over a real one and over one in memory.
 */
import { createHash } from 'node:crypto'
import { WebSocket } from 'ws'
import { fromHex, toHex } from '../../core/base/bytes.ts'
import { addressOf } from '../../core/crypto/address.ts'
import { signerFromSeed } from '../../core/crypto/ed25519.ts'
import { framesOf, messagesOf } from '../../core/jobs/frame-batches.ts'
import { minerChallengeBytes } from '../../core/jobs/miner-challenge.ts'
import type { CapabilityCard, MinerFrame, ServerFrame } from '../../core/jobs/miner-protocol.ts'
import {
  buildReceipts,
  type JobOutcome,
  offerFromFrame,
  signReceipts,
} from '../../core/jobs/outcome.ts'

export type OfFrame<Type extends ServerFrame['type']> = Extract<ServerFrame, { type: Type }>

/** One end of a socket. */
export type Wire = { readonly send: (text: string) => void; readonly close: () => void }

/** An attempt as this miner knows it. */
export type HeldAttempt = {
  readonly offer: OfFrame<'offer'>
  /** Every tokens frame that was made, to be sent again after a reconnect. */
  readonly frames: Extract<MinerFrame, { type: 'tokens' }>[]
  readonly startedAtMs: number
  result: Extract<MinerFrame, { type: 'result' }> | undefined
  isCanceled: boolean
}

export type AgentOptions = {
  readonly name: string
  /** Seed of its key; the name by default. */
  readonly key?: string
  readonly models?: readonly string[]
  readonly concurrency?: number
  /** Base units for 1 000 tokens. */
  readonly pricePrompt?: bigint
  readonly priceCompletion?: bigint
  /** Base units for a place and hour; absent: it is not to be booked. */
  readonly priceHour?: bigint
  /** Base units for a second of its GPU, instead. */
  readonly priceGpuSecond?: bigint
  readonly region?: string
  readonly engine?: string
  /** What it does when it is offered a job. Default: the whole job at once. */
  readonly onOffer?: (agent: Agent, attempt: HeldAttempt) => void
  readonly now?: () => number
  /** Frames that it takes in one message, and then sends too, those of a turn together. Default: one. */
  readonly framesMax?: number
  /** Whether it signs for the delivered part of a canceled job. Default: it does. */
  readonly signsParts?: boolean
}

export type Agent = ReturnType<typeof createAgent>

/** The answer of every honest test miner to a job: the same for the same question. */
export function answerOf(offer: Pick<OfFrame<'offer'>, 'spec'>): string[] {
  const digest = createHash('sha256').update(offer.spec).digest()
  return [...digest.subarray(0, 8)].map((byte, index) => `${index === 0 ? '' : ' '}w${byte}é`)
}

export const promptTokensOfTests = 7

/** A miner with a key pair, not connected yet. */
export function createAgent(options: AgentOptions) {
  const signer = signerFromSeed(
    createHash('sha256')
      .update(options.key ?? options.name)
      .digest(),
  )
  const now = options.now ?? Date.now
  const card = cardOf(options)
  const frames: ServerFrame[] = []
  const held = new Map<string, HeldAttempt>()
  const releases = new Map<string, OfFrame<'release'>>()
  const settled = new Map<string, OfFrame<'settled'>>()
  const holds = new Map<string, OfFrame<'held'>>()
  const refusals: OfFrame<'refused'>[] = []
  let wire: Wire | undefined
  let minerId = options.name
  let site: OfFrame<'challenge'> | undefined
  let closed: { code: number; reason: string } | undefined
  const listeners = new Set<() => void>()

  const send = openSend(options.framesMax, () => wire)

  const hello = (challenge: OfFrame<'challenge'>): void => {
    site = challenge
    const cardText = JSON.stringify(card)
    const message = minerChallengeBytes(bytes(challenge.genesis_hash), {
      version: 1,
      site: challenge.site,
      nonce: bytes(challenge.nonce),
      minerId: options.name,
      publicKey: signer.publicKey,
      card: cardText,
    })
    send({
      type: 'hello',
      version: 1,
      miner_id: options.name,
      public_key: toHex(signer.publicKey),
      signature: toHex(signer.sign(message)),
      card: cardText,
      resume: [...held.keys()].filter((attemptId) => !releases.has(attemptId)),
      ...(options.framesMax !== undefined && { frames_max: options.framesMax }),
    })
  }

  const welcome = (frame: OfFrame<'welcome'>): void => {
    minerId = frame.miner_id
    const resumed = new Map(frame.resume.map((each) => [each.attempt_id, each.next_seq]))
    for (const [attemptId, attempt] of [...held]) {
      const nextSeq = resumed.get(attemptId)
      if (nextSeq === undefined) {
        // Dropped by the site; a release may still follow for what it had taken.
        if (!attempt.result) held.delete(attemptId)
        continue
      }
      for (const tokens of attempt.frames) if (tokens.seq >= nextSeq) send(tokens)
      if (attempt.result) send(attempt.result)
    }
  }

  const take = (frame: ServerFrame): void => {
    frames.push(frame)
    switch (frame.type) {
      case 'challenge':
        hello(frame)
        break
      case 'welcome':
        welcome(frame)
        break
      case 'offer': {
        const known = held.get(frame.attempt_id)
        const attempt: HeldAttempt = known ?? {
          offer: frame,
          frames: [],
          startedAtMs: now(),
          result: undefined,
          isCanceled: false,
        }
        held.set(frame.attempt_id, attempt)
        const work = options.onOffer ?? ((agent: Agent) => agent.work(attempt))
        if (!known) work(self, attempt)
        break
      }
      case 'cancel': {
        const attempt = held.get(frame.attempt_id)
        if (attempt) attempt.isCanceled = true
        if (attempt && frame.paid_seq !== undefined && options.signsParts !== false) {
          attempt.result = self.partOf(attempt, frame.paid_seq)
          send(attempt.result)
          break
        }
        held.delete(frame.attempt_id)
        break
      }
      case 'release':
        releases.set(frame.attempt_id, frame)
        break
      case 'refused':
        refusals.push(frame)
        held.delete(frame.attempt_id)
        break
      case 'settled':
        settled.set(frame.attempt_id, frame)
        held.delete(frame.attempt_id)
        break
      case 'held':
        holds.set(frame.attempt_id, frame)
        break
      case 'error':
        break
    }
    for (const listener of [...listeners]) listener()
  }

  const self = {
    options,
    publicKey: signer.publicKey,
    address: addressOf(signer.publicKey),
    frames,
    held,
    releases,
    settled,
    refusals,
    holds,
    minerId: () => minerId,
    closed: () => closed,
    isConnected: () => wire !== undefined,
    send,
    sendRaw: (text: string) => wire?.send(text),
    disconnect: () => wire?.close(),

    /** A socket has opened; the returned functions take what comes from it. */
    attach: (opened: Wire) => {
      wire = opened
      closed = undefined
      return {
        receive: (text: string) => {
          for (const frame of framesOf(JSON.parse(text)) ?? []) take(frame as ServerFrame)
        },
        onClose: (code: number, reason: string) => {
          if (wire !== opened) return
          wire = undefined
          closed = { code, reason }
          for (const listener of [...listeners]) listener()
        },
      }
    },

    accept: ({ offer }: HeldAttempt) => send({ type: 'accept', attempt_id: offer.attempt_id }),

    /** Makes and sends the next piece of the answer. */
    token: (attempt: HeldAttempt, text: string, count = 1): void => {
      const frame = {
        type: 'tokens',
        attempt_id: attempt.offer.attempt_id,
        seq: attempt.frames.length,
        text,
        count,
      } as const
      attempt.frames.push(frame)
      send(frame)
    },

    /** Makes the result of what was delivered; `change` falsifies the outcome before it is signed. */
    resultOf: (attempt: HeldAttempt, change: Partial<JobOutcome> = {}) => {
      if (!site) throw new Error('no hello was said yet')
      const read = offerFromFrame(attempt.offer, {
        minerId,
        minerKey: signer.publicKey,
        coordinator: bytes(site.coordinator),
      })
      if (!read.ok) throw new Error(read.error.message)
      const outcome: JobOutcome = {
        text: attempt.frames.map((frame) => frame.text).join(''),
        finish: 'stop',
        promptTokens: promptTokensOfTests,
        completionTokens: attempt.frames.reduce((sum, frame) => sum + frame.count, 0),
        startedAtMs: attempt.startedAtMs,
        completedAtMs: now(),
        ...change,
      }
      const built = buildReceipts(read.value, outcome)
      const signed = signReceipts(bytes(site.genesis_hash), built, signer)
      return {
        type: 'result',
        attempt_id: attempt.offer.attempt_id,
        text: outcome.text,
        finish: outcome.finish,
        prompt_tokens: outcome.promptTokens,
        completion_tokens: outcome.completionTokens,
        receipt: toHex(built.receiptBytes),
        receipt_signature: toHex(signed.receiptSignature),
        legacy_receipt: built.legacyText,
        legacy_signature: toHex(signed.legacySignature),
      } as const
    },

    /** The signed part that was delivered in the frames below a number. */
    partOf: (attempt: HeldAttempt, paidSeq: number, change: Partial<JobOutcome> = {}) => {
      const frames = attempt.frames.slice(0, paidSeq)
      return self.resultOf(attempt, {
        text: frames.map((frame) => frame.text).join(''),
        finish: 'canceled',
        promptTokens: 0,
        completionTokens: frames.reduce((sum, frame) => sum + frame.count, 0),
        ...change,
      })
    },

    finish: (attempt: HeldAttempt): void => {
      attempt.result = self.resultOf(attempt)
      send(attempt.result)
    },

    /** The whole job, honestly and at once. */
    work: (attempt: HeldAttempt): void => {
      self.accept(attempt)
      for (const text of answerOf(attempt.offer)) self.token(attempt, text)
      self.finish(attempt)
    },

    /** Resolves when a condition holds; looks again after each frame and close. */
    until: async (condition: () => boolean): Promise<void> => {
      if (condition()) return
      await new Promise<void>((resolve) => {
        const listener = () => {
          if (!condition()) return
          listeners.delete(listener)
          resolve()
        }
        listeners.add(listener)
      })
    },
  }
  return self
}

/** Frames one by one; or, where several go in a message, those of a turn together. */
function openSend(framesMax: number | undefined, wire: () => Wire | undefined) {
  let waiting: string[] = []
  return (frame: MinerFrame): void => {
    const opened = wire()
    if (framesMax === undefined) {
      opened?.send(JSON.stringify(frame))
      return
    }
    waiting.push(JSON.stringify(frame))
    if (waiting.length > 1) return
    queueMicrotask(() => {
      const frames = waiting
      waiting = []
      if (wire() !== opened) return
      for (const message of messagesOf(frames, framesMax)) opened?.send(message)
    })
  }
}

const cardOf = (options: AgentOptions): CapabilityCard => ({
  engine: options.engine ?? 'scripted',
  agent_version: 'test',
  models: (options.models ?? ['test-model']).map((name) => ({
    name,
    context_tokens: 4_096,
    price_prompt: String(options.pricePrompt ?? 100_000n),
    price_completion: String(options.priceCompletion ?? 300_000n),
  })),
  gpus: [{ index: 0, name: 'Test GPU', memory_mib: 24_576, cuda: '12.4' }],
  ...(options.priceHour === undefined ? {} : { price_hour: String(options.priceHour) }),
  ...(options.priceGpuSecond !== undefined && {
    price_gpu_second: String(options.priceGpuSecond),
  }),
  concurrency: options.concurrency ?? 4,
  ...(options.region !== undefined && { region: options.region }),
})

/** Connects a miner to a site over a real socket; resolves when it is welcomed or closed. */
export async function connectAgent(agent: Agent, siteUrl: string): Promise<void> {
  const socket = new WebSocket(`${siteUrl.replace(/^http/, 'ws')}/api/v1/miners/ws`)
  const ends = agent.attach({
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text)
    },
    close: () => socket.close(),
  })
  socket.on('message', (data) => ends.receive(String(data)))
  socket.on('close', (code, reason) => ends.onClose(code, String(reason)))
  socket.on('error', () => undefined)
  const before = agent.frames.length
  await agent.until(
    () =>
      agent.closed() !== undefined ||
      agent.frames.slice(before).some((frame) => frame.type === 'welcome'),
  )
}

function bytes(hex: string): Uint8Array {
  const parsed = fromHex(hex)
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.value
}
