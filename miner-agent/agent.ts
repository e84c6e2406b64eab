/**
 * The agent: takes offers, runs them within its concurrency, delivers, and keeps the releases. It knows
 * frames and not sockets, so that a test can speak to it directly.
 */
import { toHex } from '../core/base/bytes.ts'
import { assert } from '../core/base/result.ts'
import { minerProtocolLimits, type ServerFrame } from '../core/jobs/miner-protocol.ts'
import {
  type AgentOptions,
  type AgentState,
  drop,
  fail,
  inPhase,
  namesOf,
  noteOf,
  type SiteIdentity,
  schedule,
  signPart,
} from './agent-state.ts'
import { type Attempt, framesToResend, isOpen, newAttempt } from './attempt.ts'
import type { JournalRelease } from './journal.ts'
import { type Offer, type OpenedOffer, openOffer, type Rejection } from './offer.ts'
import { checkRelease, type ReleaseFrame } from './release.ts'
import { count, type Standing } from './tally.ts'

export type Agent = {
  /** Must be called before the first frame, and when another site answers. */
  meet(site: SiteIdentity): void
  /** Attempts to name in `hello`. */
  resumable(): readonly string[]
  take(frame: ServerFrame): void
  /** No new jobs; those that wait go back. */
  drain(): void
  /** Stops every attempt at once. */
  stop(): void
  /** Drops what the coordinator will not answer any more. */
  sweep(): void
  standing(): Pick<Standing, 'draining' | 'running' | 'waiting' | 'unreleased' | 'held'>
}

/** How long a delivered attempt is kept while no answer comes, and a failed one. */
const releasePatienceMs = 900_000
const failureKeptMs = 120_000
/** How long after a welcome the release of an attempt that it does not name is waited for. */
const afterWelcomeMs = 30_000

/** Builds the agent; it does nothing before the first frame. */
export function createAgent(options: AgentOptions): Agent {
  const state: AgentState = {
    options,
    attempts: new Map(),
    checking: new Map(),
    site: undefined,
    minerId: '',
    draining: false,
  }
  return {
    meet(site) {
      state.site = site
    },
    resumable: () => resumable(state),
    take: (frame) => take(state, frame),
    drain: () => drain(state),
    stop() {
      for (const attempt of [...state.attempts.values()]) drop(state, attempt)
    },
    sweep: () => sweep(state),
    standing: () => ({
      draining: state.draining,
      running: inPhase(state, 'running').length,
      waiting: inPhase(state, 'waiting').length,
      unreleased: inPhase(state, 'delivered').filter((each) => !isHeld(each)).length,
      held: inPhase(state, 'delivered').filter(isHeld).length,
    }),
  }
}

/** What is worth most goes first: the protocol bounds how many can be named. */
function resumable(state: AgentState): string[] {
  const phases = ['delivered', 'running', 'waiting', 'failed'] as const
  const attempts = phases.flatMap((phase) => inPhase(state, phase))
  return attempts.map(({ id }) => id).slice(0, minerProtocolLimits.resumeMax)
}

function take(state: AgentState, frame: ServerFrame): void {
  if (frame.type === 'offer') onOffer(state, frame)
  else if (frame.type === 'release') onRelease(state, frame)
  else if (frame.type === 'welcome') onWelcome(state, frame)
  else if (frame.type === 'cancel') onCancel(state, frame)
  else if (frame.type === 'held') onHeld(state, frame)
  else if (frame.type === 'refused') onRefused(state, frame)
  else if (frame.type === 'error') {
    count(state.options.tally.refused, frame.code)
    state.options.log.warn('error from the site', { code: frame.code, reason: frame.message })
  }
}

function onOffer(state: AgentState, offer: Offer): void {
  const { attempts, options } = state
  const { tally, send } = options
  // The site asks again when our answer was lost with the connection.
  if (attempts.has(offer.attempt_id)) {
    send({ type: 'accept', attempt_id: offer.attempt_id })
    return
  }
  tally.offers += 1
  const opened = openOffer(offer, {
    genesisHash: siteOf(state).genesisHash,
    verifier: options.verifier,
    models: options.models(),
    agreedMin: options.agreedMin,
  })
  if (!opened.ok) turnDown(state, offer, opened.error)
  else if (offer.booking === undefined) takeOn(state, opened.value)
  else if (!state.checking.has(offer.attempt_id)) void checkBooked(state, opened.value)
}

/** Takes on work within a booking once the chain has shown that. */
async function checkBooked(state: AgentState, opened: OpenedOffer): Promise<void> {
  const { checkBooking } = state.options
  const { attempt_id: attemptId, booking = '' } = opened.offer
  const site = siteOf(state)
  const isOfIt = ({ opened: own, phase }: Attempt) =>
    own.offer.booking === booking && (phase === 'waiting' || phase === 'running')
  const taken = [...state.attempts.values()].filter(isOfIt).length
  const checked = [...state.checking.values()].filter((each) => each === booking).length
  state.checking.set(attemptId, booking)
  const work = { booking, site, inHand: taken + checked }
  const fault = checkBooking ? await checkBooking(work) : 'this miner takes no bookings'
  state.checking.delete(attemptId)
  // Meanwhile another site may have answered: what this one offered is over.
  if (!state.site || toHex(state.site.genesisHash) !== toHex(site.genesisHash)) return
  if (fault === undefined) takeOn(state, opened)
  else turnDown(state, opened.offer, { code: 'BOOKING_REFUSED', message: fault })
}

function turnDown(state: AgentState, offer: Offer, { code, message }: Rejection): void {
  const { tally, send, log } = state.options
  count(tally.rejected, code)
  send({ type: 'reject', attempt_id: offer.attempt_id, code, message })
  log.info('offer rejected', { job: offer.job_id, code, reason: message })
}

function takeOn(state: AgentState, opened: OpenedOffer): void {
  const { attempts, options } = state
  const { tally, send, log } = options
  const no = refusal(state, opened)
  if (no !== undefined) {
    turnDown(state, opened.offer, no)
    return
  }
  const attempt = newAttempt(opened, options.nowMs())
  attempts.set(attempt.id, attempt)
  tally.accepted += 1
  send({ type: 'accept', attempt_id: attempt.id })
  log.info('job accepted', { ...namesOf(attempt), model: opened.spec.model })
  schedule(state)
  options.onChange()
}

/** Why a sound offer is not taken now. */
function refusal(state: AgentState, opened: OpenedOffer): Rejection | undefined {
  const { options } = state
  const { worth } = opened
  if (options.journal.hasSigned(noteOf(opened, siteOf(state).genesisHash, 'whole'))) {
    const message = 'this miner has signed a receipt for this attempt already'
    return { code: 'OFFER_INVALID', message }
  }
  const held = [...state.attempts.values()]
  if (state.draining) return { code: 'DRAINING', message: 'this miner is going away' }
  const open = held.filter(isOpen).length
  if (open >= options.concurrency + options.queueMax) {
    return { code: 'QUEUE_FULL', message: `${open} jobs are being worked on` }
  }
  const unsettled = options.journal.openAmount()
  if (unsettled > options.unsettledMax) {
    const message = `${unsettled} base units of releases wait for their settlement`
    return { code: 'UNSETTLED_LIMIT', message }
  }
  const out = held.reduce((sum, attempt) => sum + worthOf(attempt), 0n)
  if (out > 0n && out + worth > options.unreleasedMax) {
    const message = `${out} base units of work are out without a release`
    return { code: 'UNRELEASED_LIMIT', message }
  }
  return undefined
}

function onRelease(state: AgentState, frame: ReleaseFrame): void {
  const { tally, log, journal, verifier } = state.options
  const attempt = state.attempts.get(frame.attempt_id)
  // Repeated after a reconnect: the journal has it already.
  if (attempt?.delivery === undefined) return
  const { expected } = attempt.delivery
  const checked = checkRelease(frame, { ...siteOf(state), expected, verifier })
  if (!checked.ok) {
    tally.releasesRefused += 1
    const { code, message } = checked.error
    log.error('release does not hold', { ...namesOf(attempt), code, reason: message })
    return
  }
  tally.released += 1
  tally.releasedAmount += expected.amount
  journal.add(journalEntry(state, attempt, frame)).catch((error: Error) => {
    log.error('the journal cannot be written', { reason: error.message })
  })
  log.info('released', { ...namesOf(attempt), units: expected.amount })
  drop(state, attempt)
}

function journalEntry(state: AgentState, attempt: Attempt, frame: ReleaseFrame): JournalRelease {
  const { opened, delivery } = attempt
  assert(delivery !== undefined, 'only a delivered attempt is released')
  return {
    kind: 'release',
    attempt_id: attempt.id,
    job_id: opened.offer.job_id,
    api: state.options.api,
    genesis_hash: toHex(siteOf(state).genesisHash),
    authorisation: toHex(opened.authorisationBytes),
    authorisation_signature: toHex(opened.authorisationSignature),
    release: frame.release,
    release_signature: frame.release_signature,
    receipt: delivery.frame.receipt,
    receipt_signature: delivery.frame.receipt_signature,
    amount: String(delivery.expected.amount),
    settle_by: String(opened.authorisation.settleBy),
    received_at_ms: state.options.nowMs(),
  }
}

function onWelcome(
  state: AgentState,
  frame: Extract<ServerFrame, { readonly type: 'welcome' }>,
): void {
  const { log, nowMs, send } = state.options
  state.minerId = frame.miner_id
  const held = new Map(frame.resume.map(({ attempt_id, next_seq }) => [attempt_id, next_seq]))
  for (const attempt of [...state.attempts.values()]) {
    const nextSeq = held.get(attempt.id)
    if (nextSeq !== undefined) {
      for (const again of framesToResend(attempt, nextSeq)) send(again)
      continue
    }
    if (attempt.phase === 'delivered') {
      // It may have been accepted while we were away: then its release comes next.
      attempt.endedAtMs = Math.min(attempt.endedAtMs, nowMs() - releasePatienceMs + afterWelcomeMs)
      continue
    }
    // Given to somebody else, ended or forgotten meanwhile.
    log.info('attempt is over', { ...namesOf(attempt), phase: attempt.phase })
    drop(state, attempt)
  }
  if (state.draining) send({ type: 'drain' })
}

function onRefused(
  state: AgentState,
  frame: Extract<ServerFrame, { readonly type: 'refused' }>,
): void {
  const { tally, log } = state.options
  const attempt = state.attempts.get(frame.attempt_id)
  count(tally.refused, frame.code)
  log.warn('refused by the site', {
    ...(attempt === undefined ? { attempt: frame.attempt_id } : namesOf(attempt)),
    code: frame.code,
    reason: frame.message,
  })
  if (attempt === undefined) return
  if (attempt.phase === 'delivered') tally.unpaid += 1
  drop(state, attempt)
}

function onCancel(
  state: AgentState,
  frame: Extract<ServerFrame, { readonly type: 'cancel' }>,
): void {
  const { tally, log } = state.options
  const attempt = state.attempts.get(frame.attempt_id)
  if (attempt === undefined) return
  const isNew = !attempt.isCut
  if (frame.paid_seq !== undefined && signPart(state, attempt, frame.paid_seq)) {
    if (isNew) tally.canceled += 1
    return
  }
  tally.canceled += 1
  if (attempt.phase === 'delivered') tally.unpaid += 1
  log.info('job canceled', { ...namesOf(attempt), reason: frame.reason })
  drop(state, attempt)
}

/** The result was taken and its payment waits: not lost, not to be counted on. */
function onHeld(state: AgentState, frame: Extract<ServerFrame, { readonly type: 'held' }>): void {
  const { tally, log } = state.options
  const attempt = state.attempts.get(frame.attempt_id)
  if (attempt === undefined || attempt.phase !== 'delivered') return
  if (attempt.heldUntilMs === undefined) {
    tally.held += 1
    log.warn('the site holds a payment until somebody has looked at the result', {
      ...namesOf(attempt),
      units: attempt.delivery?.expected.amount,
      codes: frame.reasons.map(({ code }) => code).join(','),
      reason: frame.reasons.map(({ message }) => message).join(' '),
      decided_by: new Date(frame.until_ms).toISOString(),
    })
  }
  attempt.heldUntilMs = frame.until_ms
  state.options.onChange()
}

const isHeld = (attempt: Attempt): boolean => attempt.heldUntilMs !== undefined

function drain(state: AgentState): void {
  state.draining = true
  state.options.send({ type: 'drain' })
  for (const attempt of inPhase(state, 'waiting')) {
    const message = 'this miner is going away'
    fail(state, attempt, { code: 'DRAINING', message, retryable: true })
  }
  state.options.onChange()
}

function sweep(state: AgentState): void {
  const { tally, log, nowMs } = state.options
  for (const attempt of [...state.attempts.values()]) {
    // A held payment is decided later, or not at all: its time begins when that is over.
    const { endedAtMs, heldUntilMs = endedAtMs } = attempt
    const waitedMs = nowMs() - Math.max(endedAtMs, heldUntilMs)
    if (attempt.phase === 'failed' && waitedMs > failureKeptMs) drop(state, attempt)
    if (attempt.phase !== 'delivered' || waitedMs <= releasePatienceMs) continue
    tally.unpaid += 1
    log.error('no release came', { ...namesOf(attempt), waited_ms: waitedMs })
    drop(state, attempt)
  }
}

/** Base units that an attempt has out: what it may earn at most, then what it did earn. */
function worthOf(attempt: Attempt): bigint {
  if (attempt.phase === 'failed') return 0n
  return attempt.delivery?.expected.amount ?? attempt.opened.worth
}

function siteOf(state: AgentState): SiteIdentity {
  assert(state.site !== undefined, 'a site is met before its frames come')
  return state.site
}
