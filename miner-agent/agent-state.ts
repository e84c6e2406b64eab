/**
 * What the agent holds while it works, and the moves that several of its rooms share: running what waits,
 * failing, dropping.
 */
import { toHex } from '../core/base/bytes.ts'
import type { Verifier } from '../core/crypto/signature.ts'
import type { MinerFrame, ModelCard } from '../core/jobs/miner-protocol.ts'
import { type Attempt, type Delivery, deliveredPart } from './attempt.ts'
import type { BookingCheck } from './bookings.ts'
import type { Delivered } from './deliver.ts'
import type { Engine } from './engines/engine.ts'
import type { GpuLock } from './gpu-lock.ts'
import type { Journal, JournalSigned } from './journal.ts'
import type { LogFields, Logger } from './log.ts'
import type { OpenedOffer } from './offer.ts'
import type { Tally } from './tally.ts'
import { type WorkOutcome, work } from './worker.ts'

/** The site that the agent speaks with, as its challenge named it. */
export type SiteIdentity = {
  readonly genesisHash: Uint8Array
  /** Public key of its coordinator. */
  readonly coordinator: Uint8Array
}

export type AgentOptions = {
  readonly api: string
  readonly engine: Engine
  readonly gpuLock: GpuLock | undefined
  readonly verifier: Verifier
  readonly journal: Journal
  readonly log: Logger
  readonly tally: Tally
  readonly concurrency: number
  readonly queueMax: number
  readonly tokenTimeoutMs: number
  /** Base units; see config.ts. */
  readonly unreleasedMax: bigint
  readonly unsettledMax: bigint
  readonly nowMs: () => number
  /** Models and prices as the card that the site holds has them. */
  readonly models: () => readonly ModelCard[]
  /** Least price of an agreement (config.ts). */
  readonly agreedMin?: bigint | undefined
  /** Checks a booking against the chain; absent: none is taken. */
  readonly checkBooking?: BookingCheck | undefined
  /** Drops what cannot be sent now: it goes out again after the reconnect. */
  readonly send: (frame: MinerFrame) => void
  /** Builds and signs the result of a finished attempt. `minerId`: as the site calls this miner. */
  readonly deliver: (
    attempt: Attempt,
    outcome: Delivered,
    site: SiteIdentity & { readonly minerId: string },
  ) => Delivery
  /** Called after each change of what is open or unreleased. */
  readonly onChange: () => void
}

export type AgentState = {
  readonly options: AgentOptions
  readonly attempts: Map<string, Attempt>
  /** Offers whose booking is being checked, by their attempt. */
  readonly checking: Map<string, string>
  site: SiteIdentity | undefined
  /** As the last welcome said: a site may have another miner under the name that we asked for. */
  minerId: string
  draining: boolean
}

/** Attempts in one phase, oldest first. */
export function inPhase(state: AgentState, phase: Attempt['phase']): Attempt[] {
  return [...state.attempts.values()].filter((attempt) => attempt.phase === phase)
}

/** Forgets an attempt and stops it when it runs. */
export function drop(state: AgentState, attempt: Attempt): void {
  state.attempts.delete(attempt.id)
  attempt.stopper.abort(new Error('dropped'))
  schedule(state)
  state.options.onChange()
}

/** Ends an attempt without a result, and tells the site. */
export function fail(
  state: AgentState,
  attempt: Attempt,
  why: { readonly code: string; readonly message: string; readonly retryable: boolean },
): void {
  const { log, tally, nowMs, send } = state.options
  attempt.phase = 'failed'
  attempt.endedAtMs = nowMs()
  attempt.failure = {
    type: 'fail',
    attempt_id: attempt.id,
    code: why.code,
    message: why.message.slice(0, 1_000),
    retryable: why.retryable,
  }
  tally.failed += 1
  log.warn('job failed', { ...namesOf(attempt), code: why.code, reason: why.message })
  send(attempt.failure)
}

/**
 * Answers a cancel that names what is paid: signs for exactly that, once, and waits for its release as for
 * that of any result. False when there is nothing to sign for.
 */
export function signPart(state: AgentState, attempt: Attempt, paidSeq: number): boolean {
  const { site, options } = state
  if (attempt.isCut) {
    // Said again after a reconnect: the part that was signed, whatever is asked now.
    if (attempt.delivery !== undefined) options.send(attempt.delivery.frame)
    return attempt.phase !== 'failed'
  }
  const part = deliveredPart(attempt, paidSeq)
  if (site === undefined || part === undefined || attempt.phase === 'failed') return false
  attempt.isCut = true
  attempt.delivery = undefined
  attempt.endedAtMs = options.nowMs()
  attempt.stopper.abort(new Error('canceled'))
  const outcome = {
    kind: 'finished',
    text: part.text,
    finish: 'canceled',
    promptTokens: 0,
    completionTokens: part.tokens,
  } as const
  signOnce(state, attempt, { outcome, site }, ({ expected }) => {
    options.tally.parts += 1
    options.tally.completionTokens += part.tokens
    options.log.info('job canceled, its part is signed for', {
      ...namesOf(attempt),
      tokens: part.tokens,
      units: expected.amount,
    })
  })
  schedule(state)
  options.onChange()
  return true
}

/** What tells a receipt from another one that would be evidence against us beside it. */
export function noteOf(
  opened: OpenedOffer,
  genesisHash: Uint8Array,
  of: JournalSigned['of'],
): JournalSigned {
  return {
    kind: 'signed',
    genesis_hash: toHex(genesisHash),
    authorisation: toHex(opened.authorisationHash),
    job_id: opened.offer.job_id.toLowerCase(),
    attempt: opened.offer.attempt,
    of,
    settle_by: String(opened.authorisation.settleBy),
  }
}

/**
 * Signs and sends a result when the journal says, on the disk, that it is signed: never two of one kind for
 * one attempt, whoever asks for them, and whenever this program is killed.
 */
function signOnce(
  state: AgentState,
  attempt: Attempt,
  what: { readonly outcome: Delivered; readonly site: SiteIdentity },
  signed: (delivery: Delivery) => void,
): void {
  const { journal, deliver, send, onChange } = state.options
  const { outcome, site } = what
  const of = outcome.finish === 'canceled' ? 'part' : 'whole'
  const written = journal.sign(noteOf(attempt.opened, site.genesisHash, of))
  if (written === undefined) {
    const message = 'this miner has signed a receipt for this attempt already'
    fail(state, attempt, { code: 'RECEIPT_SIGNED', message, retryable: true })
    return
  }
  attempt.phase = 'delivered'
  written
    .then(() => {
      const isWanted = attempt.isCut === (of === 'part') && attempt.phase === 'delivered'
      if (state.attempts.get(attempt.id) !== attempt || !isWanted) return
      attempt.delivery = deliver(attempt, outcome, { ...site, minerId: state.minerId })
      send(attempt.delivery.frame)
      signed(attempt.delivery)
      onChange()
    })
    .catch((error: unknown) => {
      const message = error instanceof Error ? error.message : 'the journal cannot be written'
      fail(state, attempt, { code: 'AGENT_FAILED', message, retryable: true })
      onChange()
    })
}

/** Starts waiting attempts while there is room. */
export function schedule(state: AgentState): void {
  const { site, options } = state
  if (site === undefined) return
  const room = Math.max(0, options.concurrency - inPhase(state, 'running').length)
  for (const attempt of inPhase(state, 'waiting').slice(0, room)) {
    run(state, attempt, site)
      .catch((error: unknown) => {
        const message = error instanceof Error ? error.message : 'unknown failure'
        fail(state, attempt, { code: 'AGENT_FAILED', message, retryable: true })
      })
      .finally(() => {
        schedule(state)
        options.onChange()
      })
  }
}

/** How an attempt is called in the log. */
export function namesOf(attempt: Attempt): LogFields {
  const { job_id, attempt: number } = attempt.opened.offer
  return { job: job_id, attempt: number }
}

async function run(state: AgentState, attempt: Attempt, site: SiteIdentity): Promise<void> {
  const { options } = state
  const { send } = options
  attempt.phase = 'running'
  attempt.startedAtMs = options.nowMs()
  const outcome = await work({
    spec: attempt.opened.spec,
    engine: options.engine,
    gpuLock: options.gpuLock,
    signal: attempt.stopper.signal,
    tokenTimeoutMs: options.tokenTimeoutMs,
    progressMs: Math.max(1_000, Math.floor(attempt.opened.offer.lease_ms / 3)),
    onTokens: (text, count) => {
      const seq = attempt.tokens.length
      if (seq === 0) options.log.debug('first token', namesOf(attempt))
      const frame = { type: 'tokens' as const, attempt_id: attempt.id, seq, text, count }
      attempt.tokens.push(frame)
      send(frame)
    },
    onProgress: () => send({ type: 'progress', attempt_id: attempt.id }),
  })
  if (state.attempts.get(attempt.id) !== attempt || outcome.kind === 'aborted') return
  // Canceled meanwhile, and signed for what had been delivered.
  if (attempt.phase !== 'running') return
  if (outcome.kind === 'failed') fail(state, attempt, outcome)
  else finish(state, attempt, outcome, site)
}

function finish(
  state: AgentState,
  attempt: Attempt,
  outcome: Extract<WorkOutcome, { readonly kind: 'finished' }>,
  site: SiteIdentity,
): void {
  const { log, tally, nowMs } = state.options
  attempt.endedAtMs = nowMs()
  signOnce(state, attempt, { outcome, site }, ({ expected }) => {
    tally.completed += 1
    tally.promptTokens += outcome.promptTokens
    tally.completionTokens += outcome.completionTokens
    tally.computeMs += attempt.endedAtMs - attempt.startedAtMs
    log.info('job done', {
      ...namesOf(attempt),
      tokens: outcome.completionTokens,
      ms: attempt.endedAtMs - attempt.startedAtMs,
      units: expected.amount,
    })
  })
}
