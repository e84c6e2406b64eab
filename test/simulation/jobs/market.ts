/**
 * A whole coordinator in virtual time, driven by a seed: clients submit and cancel, miners accept, stall,
 * answer late, twice or not at all, lie about leases, come and go; alarms come late or are lost. The host
 * here does what the effects say and nothing else, as the real one must.
 */
import type { EscrowView } from '../../../core/api/chain-service.ts'
import { toHex } from '../../../core/base/bytes.ts'
import { sizeOf } from '../../../core/jobs/estimate.ts'
import {
  applyJobEvent,
  createJob,
  excludedMiners,
  isDispatchable,
  isTerminal,
  type Job,
  type JobEffect,
  type JobEvent,
  jobDueAtMs,
} from '../../../core/jobs/job.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'
import { admit, chooseMiner, type LiveMiner } from '../../../core/jobs/matching.ts'
import { chargeOf } from '../../../core/jobs/pricing.ts'
import {
  discharge,
  type EscrowLedger,
  emptyLedger,
  freeHold,
  type Hold,
  ledgerOf,
  owe,
  reserve,
  sumsOf,
} from '../../../core/jobs/reservations.ts'
import { card, escrow, owner, spec } from '../../unit/jobs/fixtures.ts'

/** Uniform numbers in [0, 1) from a 32-bit seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const size = sizeOf(spec)
const signer = toHex(owner.publicKey)

type Simulated = {
  job: Job
  hold: Hold | undefined
  paid: bigint
  pays: number
  frees: number
  /** Whether what was paid, if anything, is a part. */
  isPart: boolean
  completions: number
}
type SimulatedMiner = { inflight: number; idleSinceMs: number; isHere: boolean; attempts: string[] }

/** What a run has done, for the test to look at. */
export type MarketReport = {
  readonly submitted: number
  readonly refused: number
  readonly states: Readonly<Record<string, number>>
  readonly latePaid: number
  readonly partsPaid: number
  readonly settled: number
}

/** Runs one seed for so many steps, then lets everything come to rest. Throws when an invariant breaks. */
export function runMarket(seed: number, steps: number): MarketReport {
  const market = new Market(seed)
  for (let i = 0; i < steps; i++) {
    market.step()
    market.check()
  }
  market.rest()
  return market.report()
}

class Market {
  private readonly random: () => number
  private nowMs = 1_000_000
  private ids = 0
  private view: EscrowView = escrow({ balance: 40_000n, delegates: [] })
  private ledger: EscrowLedger = emptyLedger
  private paidOut = 0n
  private refused = 0
  private latePaid = 0
  private settled = 0
  private readonly jobs = new Map<string, Simulated>()
  private readonly queue = new Set<string>()
  private readonly miners = new Map<string, SimulatedMiner>()
  /** Attempts that a miner may still speak of, live or not: attempt id to job and miner. */
  private readonly spoken: { attemptId: string; minerId: string; jobId: string }[] = []

  constructor(seed: number) {
    this.random = randomFrom(seed)
    for (let i = 0; i < 4; i++) {
      this.miners.set(`m${i}`, { inflight: 0, idleSinceMs: 0, isHere: true, attempts: [] })
    }
  }

  step(): void {
    // Mostly small steps; now and then the host sleeps through leases, graces and whole lives.
    this.nowMs += Math.floor(this.random() ** 6 * 200_000)
    const choice = this.random()
    if (choice < 0.2) this.submit()
    else if (choice < 0.25) this.cancel()
    else if (choice < 0.3) this.comeOrGo()
    else if (choice < 0.4) this.settle()
    else if (choice < 0.5) this.alarm()
    else this.minerSpeaks()
    this.dispatch()
  }

  /** Everybody falls silent; alarms alone must bring every job to its end. */
  rest(): void {
    for (let i = 0; i < 1_000; i++) {
      const due = [...this.jobs.values()]
        .map(({ job }) => jobDueAtMs(job))
        .filter((each) => each !== undefined)
      if (due.length === 0) break
      this.nowMs = Math.max(this.nowMs, Math.min(...due))
      this.alarm()
      this.check()
    }
    const stuck = [...this.jobs.values()].filter(({ job }) => !isTerminal(job.state))
    expectThat(stuck.length === 0, `${stuck.length} jobs are stuck`)
    while (this.settle());
    this.check()
    expectThat(sumsOf(this.ledger).count === 0, 'holds are left over')
    const loads = [...this.miners.values()].map(({ inflight }) => inflight)
    expectThat(
      loads.every((load) => load === 0),
      `miners are left with load ${loads}`,
    )
    expectThat(this.queue.size === 0, 'the queue is not empty')
  }

  /** The invariants, after every step. */
  check(): void {
    const holds: Hold[] = []
    for (const { job, hold, pays, frees, isPart, completions } of this.jobs.values()) {
      expectThat(completions <= 1, `${job.jobId} completed ${completions} times`)
      expectThat(pays + frees <= 1, `${job.jobId} has ${pays} payments and ${frees} releases`)
      expectThat(isTerminal(job.state) === (pays + frees === 1), `${job.jobId} ended otherwise`)
      const whole = pays === 1 && !isPart
      expectThat((job.state === 'completed') === whole, `${job.jobId} is ${job.state}`)
      expectThat(this.queue.has(job.jobId) === isDispatchable(job), `${job.jobId} misqueued`)
      const live = job.attempts.filter(({ state }) => state === 'offered' || state === 'running')
      expectThat(live.length <= 1, `${job.jobId} has ${live.length} leases`)
      if (hold) holds.push(hold)
    }
    expectThat(same(this.ledger, ledgerOf(holds)), 'the ledger is not the sum of its holds')
    const { held, owed } = sumsOf(this.ledger)
    expectThat(held + owed <= this.view.balance, 'more is promised than is locked')
    expectThat(this.view.balance + this.paidOut === 40_000n, 'units were made or lost')
  }

  report(): MarketReport {
    const states: Record<string, number> = {}
    for (const { job } of this.jobs.values()) states[job.state] = (states[job.state] ?? 0) + 1
    const { refused, latePaid, settled } = this
    const partsPaid = [...this.jobs.values()].filter((each) => each.isPart && each.pays === 1)
    return {
      submitted: this.jobs.size,
      refused,
      states,
      latePaid,
      partsPaid: partsPaid.length,
      settled,
    }
  }

  private submit(): void {
    const wanted = { size, constraints: {}, limit: undefined }
    const admitted = admit(this.live(), wanted)
    const jobId = `j${this.ids++}`
    if (!admitted.ok) return void this.refused++
    const limit = admitted.value.suggestedLimit
    const number = BigInt(this.ids)
    const asked = { jobId, escrow: toHex(this.view.id), signer, number, settleBy: 700, limit }
    const reserved = reserve(this.ledger, this.view, asked, owner.publicKey)
    if (!reserved.ok) return void this.refused++
    this.ledger = reserved.value.ledger
    const ttlSeconds = 1 + Math.floor(this.random() * 600)
    const job = createJob({ jobId, requestedAtMs: this.nowMs, ttlSeconds })
    const fresh = {
      job,
      hold: reserved.value.hold,
      paid: 0n,
      pays: 0,
      frees: 0,
      isPart: false,
      completions: 0,
    }
    this.jobs.set(jobId, fresh)
    this.queue.add(jobId)
  }

  private cancel(): void {
    const chosen = this.pick([...this.jobs.values()])
    if (chosen) this.apply(chosen, { type: 'cancel', message: 'canceled by client' })
  }

  private comeOrGo(): void {
    const miner = this.pick([...this.miners.values()])
    if (miner) miner.isHere = !miner.isHere
  }

  /** A due payment becomes final: true when there was one. */
  private settle(): boolean {
    const due = [...this.jobs.values()].find(({ hold }) => hold?.state === 'owed')
    if (!due?.hold) return false
    this.view = { ...this.view, balance: this.view.balance - due.hold.amount }
    this.paidOut += due.hold.amount
    due.paid += due.hold.amount
    expectThat(due.paid <= due.hold.limit, 'paid above the limit')
    this.ledger = discharge(this.ledger, due.hold)
    due.hold = undefined
    this.settled++
    return true
  }

  private alarm(): void {
    for (const each of this.jobs.values()) {
      const due = jobDueAtMs(each.job)
      if (due !== undefined && due <= this.nowMs) this.apply(each, { type: 'tick' })
    }
  }

  private dispatch(): void {
    for (const jobId of [...this.queue]) {
      const each = this.jobs.get(jobId) as Simulated
      if (this.random() < 0.3) continue
      const wanted = { size, constraints: {}, limit: each.hold?.limit ?? 0n }
      const chosen = chooseMiner(this.live(), wanted, excludedMiners(each.job, this.nowMs))
      if (!chosen) continue
      const { minerId } = chosen.card
      const attemptId = `a${this.ids++}`
      const leaseMs = jobLimits.leaseMs
      if (!this.apply(each, { type: 'assign', attemptId, minerId, leaseMs })) continue
      const miner = this.miners.get(minerId) as SimulatedMiner
      miner.inflight++
      miner.idleSinceMs = this.nowMs
      miner.attempts.push(attemptId)
      this.spoken.push({ attemptId, minerId, jobId })
    }
  }

  /** Somebody says something about some attempt, true or not, now or long after. */
  private minerSpeaks(): void {
    const about = this.pick(this.spoken.slice(-12))
    if (!about) return
    const each = this.jobs.get(about.jobId) as Simulated
    const isLiar = this.random() < 0.05
    const by = { attemptId: about.attemptId, minerId: isLiar ? 'm9' : about.minerId }
    const attempt = each.job.attempts.find(({ attemptId }) => attemptId === by.attemptId)
    const seq = (attempt?.nextSeq ?? 0) + (this.random() < 0.1 ? 1 : 0)
    const events: JobEvent[] = [
      { type: 'accept', ...by },
      { type: 'progress', ...by },
      { type: 'tokens', seq, count: 1, textBytes: 4, ...by },
      { type: 'tokens', seq: 0, count: 1, textBytes: 4, ...by },
      { type: 'reject', code: 'BUSY', message: '', ...by },
      { type: 'fail', code: 'X', message: '', retryable: this.random() < 0.7, ...by },
      { type: 'lost', ...by },
      { type: 'result', ...by },
      { type: 'result', ...by },
    ]
    const event = this.pick(events) as JobEvent
    const isTaken = this.apply(each, event)
    expectThat(!(isTaken && isLiar), 'a stranger was heard')
  }

  private apply(each: Simulated, event: JobEvent): boolean {
    const step = applyJobEvent(each.job, event, this.nowMs)
    if (!step.ok) return false
    const wasCompleted = each.job.state === 'completed'
    each.job = step.value.job
    if (each.job.state === 'completed' && !wasCompleted) each.completions++
    for (const effect of step.value.effects) this.perform(each, effect)
    return true
  }

  private perform(each: Simulated, effect: JobEffect): void {
    switch (effect.type) {
      case 'enqueue':
        this.queue.add(each.job.jobId)
        break
      case 'dequeue':
        this.queue.delete(each.job.jobId)
        break
      case 'free_miner':
      case 'cancel_attempt':
        this.unload(effect)
        break
      case 'pay': {
        const tokens = { promptTokens: 20, completionTokens: Math.floor(this.random() * 65) }
        const price = { promptPer1000: 1_000n, completionPer1000: 2_000n }
        const amount = chargeOf(price, tokens, each.hold?.limit ?? 0n)
        const owed = owe(this.ledger, each.hold as Hold, amount)
        this.ledger = owed.ledger
        each.hold = owed.hold
        each.pays++
        if (effect.late) this.latePaid++
        break
      }
      case 'pay_part': {
        each.isPart = true
        // Its miner signs, or does not.
        if (this.random() < 0.5) {
          const tokens = { promptTokens: 0, completionTokens: effect.tokens }
          const price = { promptPer1000: 1_000n, completionPer1000: 2_000n }
          const owed = owe(
            this.ledger,
            each.hold as Hold,
            chargeOf(price, tokens, each.hold?.limit ?? 0n),
          )
          this.ledger = owed.ledger
          each.hold = owed.hold
          each.pays++
        } else {
          this.ledger = freeHold(this.ledger, each.hold as Hold)
          each.hold = undefined
          each.frees++
        }
        break
      }
      case 'free_hold':
        this.ledger = freeHold(this.ledger, each.hold as Hold)
        each.hold = undefined
        each.frees++
        break
      case 'append':
      case 'reset_stream':
      case 'end_stream':
        break
    }
  }

  private unload(effect: { readonly attemptId: string; readonly minerId: string }): void {
    const miner = this.miners.get(effect.minerId)
    const at = miner?.attempts.indexOf(effect.attemptId) ?? -1
    if (!miner || at < 0) return
    miner.attempts.splice(at, 1)
    miner.inflight--
  }

  private live(): LiveMiner[] {
    return [...this.miners]
      .filter(([, { isHere }]) => isHere)
      .map(([minerId, { inflight, idleSinceMs }]) => ({
        card: card({ minerId }),
        inflight,
        idleSinceMs,
        draining: false,
      }))
  }

  private pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.random() * from.length)]
  }
}

function expectThat(condition: boolean, message: string): void {
  if (!condition) throw new Error(message)
}

const same = (a: EscrowLedger, b: EscrowLedger): boolean =>
  JSON.stringify(a, asText) === JSON.stringify(b, asText)
const asText = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value
