/**
 * A miner that speaks the socket protocol and whose engine answers at once, or at a fixed pace: what is
 * left is the cost of the path. Receipts are built and signed by the rules that every miner uses, or no result would be taken.
 */
import { randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'
import { bytesEqual, fromHex, toHex } from '../../core/base/bytes.ts'
import { decodeCanonical } from '../../core/base/coders.ts'
import { releaseCoder, releaseSigningBytes } from '../../core/chain/release.ts'
import { addressOf } from '../../core/crypto/address.ts'
import { framesOf } from '../../core/jobs/frame-batches.ts'
import type { CapabilityCard, MinerFrame, ServerFrame } from '../../core/jobs/miner-protocol.ts'
import { buildReceipts, offerFromFrame, signReceipts } from '../../core/jobs/outcome.ts'
import { nativeSigner } from '../../durable-objects/coordinator/native-signer.ts'
import { makeHello } from '../../miner-agent/hello.ts'
import { openOutbox } from '../../miner-agent/outbox.ts'
import { nodeVerifier } from '../../miner-agent/verifier.ts'
import { monotonicMs } from './clock.ts'

type Frame<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>

export type MinerEvents = {
  /** Called first, with the moment at which the offer was here. */
  readonly onOffer: (offer: Frame<'offer'>, atMs: number) => void
  /** `holds` checks its signature, when there is time for that. */
  readonly onRelease: (atMs: number, holds: () => boolean, jobId: string) => void
  readonly onSettled: () => void
  /** Anything that should not happen: refused results, canceled attempts, errors. */
  readonly onTrouble: (text: string) => void
}

export type ScriptedMiner = {
  readonly close: () => void
  /** Goes without a word in the middle of its work; the tokens that it had sent of open attempts. */
  readonly die: () => number
}

export type MinerSetup = {
  readonly url: string
  readonly minerId: string
  readonly model: string
  readonly concurrency: number
  /** Base units for 1 000 tokens. */
  readonly pricePrompt: bigint
  readonly priceCompletion: bigint
  /** Tokens of an answer and the time between two of them; without it, an answer comes at once. */
  readonly pace?: { readonly tokens: number; readonly everyMs: number }
}

/** What the engine answers at once. */
const wholeAnswer = { pieces: ['An hour has 1800 slots.'], tokens: 7, everyMs: 0 }
const promptTokens = 12

const heartbeatEveryMs = 5_000

/** Connects and resolves when the site has welcomed the miner. */
export function openScriptedMiner(setup: MinerSetup, events: MinerEvents): Promise<ScriptedMiner> {
  const signer = nativeSigner(new Uint8Array(randomBytes(32)))
  const { minerId } = setup
  const card = cardOf(setup)
  const socket = new WebSocket(setup.url, { perMessageDeflate: false })
  const verifier = nodeVerifier()
  let outbox = openOutbox(socket, 1)
  const send = (frame: MinerFrame) => outbox.send(frame)
  let site = { genesisHash: new Uint8Array(), coordinator: new Uint8Array() }

  const { pieces, tokens: answerTokens, everyMs } = answerOf(setup)
  const answerText = pieces.join('')
  /** Token frames sent of attempts that have no result yet. */
  const open = new Map<string, number>()

  const work = (offer: Frame<'offer'>): void => {
    send({ type: 'accept', attempt_id: offer.attempt_id })
    answer(offer, Date.now(), 0)
  }

  /** Sends a piece, and the next one when its time comes; after the last one, the result. */
  const answer = (offer: Frame<'offer'>, startedAtMs: number, seq: number): void => {
    const { attempt_id } = offer
    if (socket.readyState !== WebSocket.OPEN) return
    const count = answerTokens / pieces.length
    send({ type: 'tokens', attempt_id, seq, text: pieces[seq] as string, count })
    open.set(attempt_id, seq + 1)
    if (seq + 1 === pieces.length) finish(offer, startedAtMs)
    else {
      const dueInMs = startedAtMs + (seq + 1) * everyMs - Date.now()
      setTimeout(() => answer(offer, startedAtMs, seq + 1), Math.max(0, dueInMs))
    }
  }

  const finish = (offer: Frame<'offer'>, startedAtMs: number): void => {
    const { attempt_id } = offer
    open.delete(attempt_id)
    const agreed = offerFromFrame(offer, { ...site, minerId, minerKey: signer.publicKey })
    if (!agreed.ok) {
      events.onTrouble(agreed.error.message)
      return
    }
    const built = buildReceipts(agreed.value, {
      text: answerText,
      finish: 'stop',
      promptTokens,
      completionTokens: answerTokens,
      startedAtMs,
      completedAtMs: Date.now(),
    })
    const signatures = signReceipts(site.genesisHash, built, signer)
    send({
      type: 'result',
      attempt_id,
      text: answerText,
      finish: 'stop',
      prompt_tokens: promptTokens,
      completion_tokens: answerTokens,
      receipt: toHex(built.receiptBytes),
      receipt_signature: toHex(signatures.receiptSignature),
      legacy_receipt: built.legacyText,
      legacy_signature: toHex(signatures.legacySignature),
    })
  }

  const holds = (frame: Frame<'release'>): boolean => {
    const release = decodeCanonical(releaseCoder, bytesOf(frame.release))
    if (!release.ok || !bytesEqual(release.value.miner, addressOf(signer.publicKey))) return false
    const message = releaseSigningBytes(site.genesisHash, release.value)
    const signature = bytesOf(frame.release_signature)
    return verifier.verify({ signature, message, publicKey: site.coordinator })
  }

  return new Promise((resolve, reject) => {
    let isDead = false
    const die = (): number => {
      isDead = true
      socket.terminate()
      return [...open.values()].reduce((sum, sent) => sum + sent, 0)
    }
    const beat = setInterval(
      () => send({ type: 'heartbeat', inflight: 0, queued: 0 }),
      heartbeatEveryMs,
    )
    socket.once('error', reject)
    socket.once('close', (code, reason) => {
      clearInterval(beat)
      if (isDead) return
      reject(new Error(`the site closed the socket of ${minerId}: ${code} ${reason}`))
    })
    socket.on('message', (data) => {
      const atMs = monotonicMs()
      const frames = (framesOf(JSON.parse(String(data))) ?? []) as ServerFrame[]
      for (const frame of frames) take(frame, atMs)
    })
    const take = (frame: ServerFrame, atMs: number): void => {
      if (frame.type === 'offer') {
        events.onOffer(frame, atMs)
        work(frame)
      } else if (frame.type === 'release') {
        events.onRelease(atMs, () => holds(frame), frame.job_id)
      } else if (frame.type === 'settled') events.onSettled()
      else if (frame.type === 'welcome') resolve({ close: () => socket.close(1000), die })
      else if (frame.type === 'challenge') {
        site = {
          genesisHash: bytesOf(frame.genesis_hash),
          coordinator: bytesOf(frame.coordinator),
        }
        const hello = { challenge: frame, minerId, signer, card, resume: [], apiKey: undefined }
        send(makeHello(hello))
        outbox = openOutbox(socket, frame.frames_max ?? 1)
      } else events.onTrouble(JSON.stringify(frame).slice(0, 300))
    }
  })
}

function answerOf({ pace }: MinerSetup): typeof wholeAnswer {
  if (!pace) return wholeAnswer
  const pieces = Array.from({ length: pace.tokens }, (_, token) => `${token} `)
  return { pieces, tokens: pace.tokens, everyMs: pace.everyMs }
}

function cardOf(setup: MinerSetup): CapabilityCard {
  return {
    engine: 'scripted',
    agent_version: 'bench',
    models: [
      {
        name: setup.model,
        context_tokens: 8_192,
        price_prompt: setup.pricePrompt.toString(),
        price_completion: setup.priceCompletion.toString(),
      },
    ],
    gpus: [],
    concurrency: setup.concurrency,
  }
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = fromHex(hex)
  if (!bytes.ok) throw new Error(bytes.error.message)
  return Uint8Array.from(bytes.value)
}
