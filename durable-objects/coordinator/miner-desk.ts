/**
 * What miners of the original ask about themselves over HTTP: what they earned, what they hold, other
 * capabilities, an end. And who could take a job now, for whoever plans one.
 */
import type {
  MinerCandidate,
  MinerJob,
  MinerMatch,
  MinerWork,
} from '../../core/api/coordinator-figures.ts'
import type { Principal } from '../../core/api/coordinator-service.ts'
import type { MeasuredSpeed } from '../../core/api/dispatch.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { worstCaseOf } from '../../core/jobs/estimate.ts'
import { liveAttempt } from '../../core/jobs/job.ts'
import { admit, chooseMiner, offerOf, type Wanted } from '../../core/jobs/matching.ts'
import type { ApiKeys } from './api-keys.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { PaymentState } from './job-store.ts'
import type { Miner, Miners } from './miners.ts'
import { type Blob, bytesOf, rowsOf, type SqlDatabase } from './schema.ts'
import type { Settings } from './settings.ts'
import type { MinerStanding } from './standing.ts'

export type MinerDeskParts = {
  readonly database: SqlDatabase
  readonly settings: Pick<Settings, 'genesis'>
  readonly miners: Miners
  readonly apiKeys: ApiKeys
  readonly dispatcher: Dispatcher
  readonly standing: MinerStanding
  readonly now: () => number
}

/** What changes of a registration; what is absent stays. */
export type CapabilityChange = {
  readonly capabilities: Record<string, unknown>
  readonly concurrency?: number | undefined
  readonly region?: string | undefined
}

export type MinerDesk = ReturnType<typeof openMinerDesk>

export function openMinerDesk(parts: MinerDeskParts) {
  const { database, miners, apiKeys, dispatcher, standing, now } = parts
  const shareBps = BigInt(parts.settings.genesis.parameters.coordinatorShareBps)
  const netOf = (amount: bigint): bigint => amount - (amount * shareBps) / 10_000n

  const held = (minerId: string) =>
    [...dispatcher.all()].flatMap((job) => {
      const attempt = liveAttempt(job.life)
      return attempt?.minerId === minerId ? [{ job, attemptId: attempt.attemptId }] : []
    })

  return {
    /** Completed jobs of a miner, whatever its way of speaking, newest first. */
    work: (
      minerId: string,
      page: { readonly limit: number; readonly offset: number },
    ): MinerWork => {
      const rows = rowsOf<WorkRow>(database, selectWork, minerId, page.limit, page.offset)
      const sums = rowsOf<SumRow>(database, selectSums, Number(shareBps), minerId)
      const sumOf = (states: readonly PaymentState[]): bigint =>
        sums
          .filter(({ state }) => states.includes(state))
          .reduce((sum, row) => sum + BigInt(row.amount) - BigInt(row.share), 0n)
      return {
        minerId,
        current: held(minerId).map(({ job }) => job.ask.jobId),
        items: rows.map((row) => minerJob(row, netOf)),
        total: sums.reduce((sum, { n }) => sum + n, 0),
        earned: sumOf(['settled']),
        pending: sumOf(['due', 'sent']),
      }
    },

    /** Other capabilities, without giving up what the miner holds. */
    change: (who: Principal, change: CapabilityChange): Result<null, ApiError> => {
      const minerId = who.publicId
      const payout = apiKeys.payoutOf(minerId)
      const stated = miners.statedBy(minerId)
      if (!payout || !stated) return err({ code: 'MINER_NOT_REGISTERED' })
      const { capabilities, concurrency = stated.concurrency, region = stated.region } = change
      const { session } = stated
      miners.enterLegacy({ minerId, payout, capabilities, concurrency, region, session }, now())
      dispatcher.fill(minerId)
      return ok(null)
    },

    /** The miner leaves: what it holds goes back to the queue, its poll ends, its row goes. */
    remove: (who: Principal): Result<null, ApiError> => {
      const minerId = who.publicId
      const isHere = miners.get(minerId) !== undefined
      if (!isHere && !miners.statedBy(minerId)) return err({ code: 'MINER_NOT_REGISTERED' })
      // First of all nobody may be handed anything any more.
      const poll = miners.get(minerId)?.poll
      const attempts = held(minerId)
      miners.leave(minerId)
      miners.forgetName(minerId)
      for (const { job, attemptId } of attempts) {
        dispatcher.apply(job, { type: 'lost', attemptId, minerId })
      }
      poll?.(undefined)
      return ok(null)
    },

    /** Who has a free place for a job, best first, by the very rule that dispatches. */
    match: (wanted: Wanted, count: number): MinerMatch => {
      const live = dispatcher.live(now())
      const admission = admit(live, wanted, standing)
      if (!admission.ok) return { candidates: [], refusal: admission.error }
      const limit = wanted.limit ?? admission.value.dearest
      const candidates: MinerCandidate[] = []
      const taken = new Set<string>()
      while (candidates.length < count) {
        const best = chooseMiner(live, { ...wanted, limit }, taken, standing)
        if (!best) break
        taken.add(best.card.minerId)
        const speed = standing.speedOf(best.card.minerId, wanted.size.model)
        candidates.push(candidateOf(best, wanted, speed))
      }
      return { candidates, refusal: undefined }
    },
  }
}

function candidateOf(
  { card, payout, inflight }: Miner,
  { size }: Wanted,
  speed: MeasuredSpeed | undefined,
): MinerCandidate {
  const offer = offerOf(card, size.model)
  return {
    minerId: card.minerId,
    payout,
    kind: card.kind,
    region: card.region,
    concurrency: card.concurrency,
    busy: inflight,
    price: offer ? worstCaseOf(size, offer.price) : 0n,
    etaMs:
      speed && Math.ceil(speed.firstTokenMs + (size.maxTokens * 1_000) / speed.tokensPerSecond),
  }
}

type WorkRow = {
  readonly job_id: string
  readonly model: string
  readonly amount: number
  readonly state: PaymentState
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly ended_at_ms: number | null
  readonly receipt_id: string
  readonly tx_hash: Blob | null
}

type SumRow = {
  readonly state: PaymentState
  readonly n: number
  readonly amount: string
  readonly share: string
}

const paymentWords: Partial<Readonly<Record<string, MinerJob['payment']>>> = {
  due: 'pending',
  sent: 'pending',
  settled: 'paid',
  unpayable: 'lost',
  refused: 'lost',
}

const minerJob = (row: WorkRow, netOf: (amount: bigint) => bigint): MinerJob => ({
  jobId: row.job_id,
  model: row.model,
  amount: BigInt(row.amount),
  minerAmount: netOf(BigInt(row.amount)),
  payment: paymentWords[row.state] ?? 'held',
  promptTokens: row.prompt_tokens,
  completionTokens: row.completion_tokens,
  completedAtMs: row.ended_at_ms ?? 0,
  receiptId: row.receipt_id,
  txHash: row.tx_hash ? bytesOf(row.tx_hash) : undefined,
})

const selectWork = `SELECT results.job_id, jobs.model, results.amount, payments.state,
  results.prompt_tokens, results.completion_tokens, lives.ended_at_ms, results.receipt_id,
  payments.tx_hash FROM results JOIN jobs USING (job_id) JOIN lives USING (job_id)
  JOIN payments USING (job_id) WHERE results.miner_id = ? ORDER BY jobs.seq DESC LIMIT ? OFFSET ?`
// The share is cut off for each payment, as the chain does it: in whole numbers, which a bound one is not.
const selectSums = `SELECT payments.state, count(*) AS n,
  CAST(sum(results.amount) AS TEXT) AS amount,
  CAST(sum(results.amount * CAST(? AS INTEGER) / 10000) AS TEXT) AS share
  FROM results JOIN payments USING (job_id) WHERE results.miner_id = ? GROUP BY payments.state`
