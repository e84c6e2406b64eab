/**
 * Jobs on disk. What was asked is written once; how it goes is one small row, rewritten; answers in the
 * making are appended piece by piece. Every function here is called inside its caller's atomic write.
 *
 * Long because the rows of a job are one subject: what is written together has to be read together.
 */
import { Buffer } from 'node:buffer'
import type { Constraints } from '../../core/api/coordinator-service.ts'
import type { JobWebhook, Priority, Routing } from '../../core/api/dispatch.ts'
import { toHex } from '../../core/base/bytes.ts'
import { decodeCanonical } from '../../core/base/coders.ts'
import { assert } from '../../core/base/result.ts'
import {
  type Authorisation,
  authorisationCoder,
  authorisationHash,
} from '../../core/chain/authorisation.ts'
import type { ClaimRef, Terms } from '../../core/jobs/claim.ts'
import { type JobSize, sizeOf } from '../../core/jobs/estimate.ts'
import { isTerminal, type Job } from '../../core/jobs/job.ts'
import { type JobSpec, jobSpecCoder } from '../../core/jobs/job-spec.ts'
import { askBesideOf, askText } from './ask-text.ts'
import { type Blob, bytesOf, rowsOf, type SqlDatabase } from './schema.ts'

/** What was asked, and what pays for it: never changes, but for its priority. */
export type Ask = {
  readonly jobId: string
  readonly client: string
  readonly receiptId: string
  readonly payload: Record<string, unknown>
  readonly constraints: Constraints
  readonly spec: JobSpec
  readonly specBytes: Uint8Array
  readonly size: JobSize
  /** What it weighs while it is open: bytes of specification and payload. */
  readonly bytes: number
  readonly priority: Priority
  readonly routing: Routing | undefined
  readonly near: readonly string[] | undefined
  readonly webhook: JobWebhook | undefined
  /** Most that may be charged, base units: the authorised limit, or less where the client said so. */
  readonly limit: bigint
  readonly authorisation: Authorisation
  readonly authorisationBytes: Uint8Array
  readonly authorisationSignature: Uint8Array
  readonly authorisationHash: Uint8Array
  /** Escrow and signer in hex, as the ledgers name them. */
  readonly escrow: string
  readonly signer: string
}

/** Text of one attempt as it arrived. `pieces` beyond `saved` are not on disk yet. */
export type AttemptText = {
  pieces: string[]
  saved: number
  nextSeq: number
  tokens: number
  bytes: number
}

/** A job that has not ended, in memory. Only the dispatcher changes it. */
export type LiveJob = {
  ask: Ask
  life: Job
  /** What each attempt was offered for; a miner may change its price for the next. */
  readonly terms: Map<string, Terms>
  /** Text by attempt: of the live one, and of lapsed ones that may still finish. */
  readonly texts: Map<string, AttemptText>
}

export type ResultRow = {
  readonly job_id: string
  readonly attempt_id: string
  readonly miner_id: string
  readonly result: string
  readonly answer: string
  readonly finish: string
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly amount: number
  readonly receipt_id: string
  readonly receipt_hash: Blob
  readonly legacy_text: string
  readonly canonical: Blob
  readonly miner_signature: Blob | null
  readonly release: Blob
  readonly release_signature: Blob
}

/** What a job that ended from outside has delivered, and until when its miner can sign for it. */
export type PartRow = {
  readonly job_id: string
  readonly attempt_id: string
  readonly miner_id: string
  /** Token frames and tokens that were taken. */
  readonly next_seq: number
  readonly tokens: number
  readonly until_ms: number
}

/**
 * `held`: waits for a decision, no release is signed; `due`: waits for a batch; `sent`: in one; `settled`:
 * final; `unpayable`: never will be, see reason; `refused`: decided so, or not decided in time.
 */
export type PaymentState = 'held' | 'due' | 'sent' | 'settled' | 'unpayable' | 'refused'

export type PaymentRow = {
  readonly job_id: string
  readonly state: PaymentState
  readonly amount: number
  readonly settle_by: number
  readonly released_at_ms: number
  readonly batch: number | null
  readonly reason: string | null
  readonly tx_hash: Blob | null
  readonly height: number | null
}

type JobRow = {
  readonly seq: number
  readonly job_id: string
  readonly client: string
  readonly ask: string
  readonly spec: Blob
  readonly authorisation: Blob
  readonly authorisation_signature: Blob
  readonly life: string
}

/** A job as it stands on disk. */
export type StoredJob = Pick<LiveJob, 'ask' | 'life' | 'terms'>

export type JobStore = ReturnType<typeof openJobStore>

/** The store over a database whose tables exist. */
export function openJobStore(database: SqlDatabase) {
  const { sql } = database
  return {
    insert: (job: LiveJob): void => {
      const { ask } = job
      sql.exec(
        insertJob,
        ask.jobId,
        ask.client,
        ask.spec.model,
        askText(ask),
        ask.specBytes,
        ask.escrow,
        ask.authorisation.number.toString(),
        ask.authorisationBytes,
        ask.authorisationSignature,
      )
      sql.exec('INSERT INTO lives VALUES (?, 1, NULL, ?)', ask.jobId, lifeText(job))
    },

    /** Writes how a job goes. One that ends without a result keeps nothing of what was asked. */
    saveLife: (job: Pick<LiveJob, 'ask' | 'life' | 'terms'>, isPaid = false): void => {
      const { jobId, state, endedAtMs } = job.life
      const open = isPaid ? openCodes.paid : openOf(state)
      sql.exec(updateLife, open, endedAtMs ?? null, lifeText(job), jobId)
      if (open !== openCodes.unpaid) return
      const { ask } = job
      const { options: _, ...plain } = ask.spec
      const bare = { ...plain, version: 1, messages: [], stop: [], extra: '' }
      sql.exec(
        updateAsk,
        askText({ ...ask, payload: {}, constraints: {} }),
        jobSpecCoder.encode(bare),
        jobId,
      )
    },

    /** Writes anew what was asked beside the specification, where an administrator changed it. */
    saveAsk: (ask: Ask): void => {
      sql.exec(updateAsk, askText(ask), ask.specBytes, ask.jobId)
    },

    /** Appends what is not on disk yet. The caller moves `saved` when the write is kept. */
    saveText: (jobId: string, attemptId: string, text: AttemptText): void => {
      const fresh = text.pieces.slice(text.saved).join('')
      if (fresh !== '') sql.exec(insertText, jobId, attemptId, text.nextSeq, text.tokens, fresh)
    },

    /** The end of a job whose part is to be paid: what was asked is kept for its receipt. */
    savePart: (ended: Pick<LiveJob, 'ask' | 'life' | 'terms'>, part: PartRow): void => {
      const { jobId, endedAtMs } = ended.life
      sql.exec(updateLife, openCodes.part, endedAtMs ?? null, lifeText(ended), jobId)
      const { attempt_id, miner_id, next_seq, tokens, until_ms } = part
      sql.exec(insertPart, jobId, attempt_id, miner_id, next_seq, tokens, until_ms)
    },

    /** Forgets a part; its text too, for it is in the result or nobody wants it. */
    endPart: (jobId: string): void => {
      sql.exec('DELETE FROM parts WHERE job_id = ?', jobId)
      sql.exec('DELETE FROM attempt_text WHERE job_id = ?', jobId)
    },

    /** Parts that wait for a signature, with the jobs that they are of. */
    loadParts: (): { job: LiveJob; part: PartRow }[] =>
      rowsOf<PartRow>(database, 'SELECT * FROM parts').flatMap((part) => {
        const row = rowsOf<JobRow>(database, `${selectJob} WHERE jobs.job_id = ?`, part.job_id)[0]
        if (!row) return []
        const stored = storedOf(row)
        return [{ job: { ...stored, texts: loadTexts(database, stored.life) }, part }]
      }),

    dropTexts: (jobId: string): void => {
      sql.exec('DELETE FROM attempt_text WHERE job_id = ?', jobId)
    },

    /** A result, and its payment: due or held, or settled at once where nothing is charged. */
    saveResult: (
      row: ResultRow,
      payment: { settleBy: number; nowMs: number; isHeld?: boolean },
    ): void => {
      sql.exec(
        insertResult,
        row.job_id,
        row.attempt_id,
        row.miner_id,
        row.result,
        row.answer,
        row.finish,
        row.prompt_tokens,
        row.completion_tokens,
        row.amount,
        row.receipt_id,
        row.receipt_hash,
        row.legacy_text,
        row.canonical,
        row.miner_signature,
        row.release,
        row.release_signature,
      )
      const state: PaymentState = payment.isHeld ? 'held' : row.amount === 0 ? 'settled' : 'due'
      sql.exec(insertPayment, row.job_id, state, row.amount, payment.settleBy, payment.nowMs)
    },

    isNumberUsed: (escrow: string, number: bigint): string | undefined =>
      rowsOf<{ job_id: string }>(
        database,
        'SELECT job_id FROM jobs WHERE escrow = ? AND number = ?',
        escrow,
        number.toString(),
      )[0]?.job_id,

    /** Jobs that have not ended, oldest first, with the text of their attempts. */
    loadOpen: (): LiveJob[] =>
      rowsOf<JobRow>(database, `${selectJob} WHERE lives.open = 1 ORDER BY seq`).map((row) => {
        const stored = storedOf(row)
        return { ...stored, texts: loadTexts(database, stored.life) }
      }),

    /** Jobs that stand against an escrow: open ones, and those whose payment is not final. */
    standing: (): { ask: Ask; owed: bigint | undefined }[] =>
      rowsOf<JobRow & { amount: number | null }>(database, selectStanding).map((row) => ({
        ask: storedOf(row).ask,
        owed: row.amount === null ? undefined : BigInt(row.amount),
      })),

    load: (jobId: string): StoredJob | undefined => {
      const row = rowsOf<JobRow>(database, `${selectJob} WHERE jobs.job_id = ?`, jobId)[0]
      return row && storedOf(row)
    },

    /** Jobs of these clients, newest first. */
    list: (clients: readonly string[], page: { limit: number; offset: number }): StoredJob[] =>
      rowsOf<JobRow>(
        database,
        `${selectJob} WHERE seq IN (SELECT seq FROM jobs WHERE client IN
         (SELECT value FROM json_each(?)) ORDER BY seq DESC LIMIT ? OFFSET ?) ORDER BY seq DESC`,
        JSON.stringify(clients),
        page.limit,
        page.offset,
      ).map(storedOf),

    count: (clients: readonly string[]): number =>
      rowsOf<{ n: number }>(
        database,
        'SELECT count(*) AS n FROM jobs WHERE client IN (SELECT value FROM json_each(?))',
        JSON.stringify(clients),
      )[0]?.n ?? 0,

    result: (jobId: string): ResultRow | undefined =>
      rowsOf<ResultRow>(database, 'SELECT * FROM results WHERE job_id = ?', jobId)[0],

    /** Whose result a job has. */
    deliveredBy: (
      jobId: string,
    ): { readonly minerId: string; readonly attemptId: string } | undefined =>
      rowsOf<{ minerId: string; attemptId: string }>(database, selectDelivered, jobId)[0],

    /** The result that an attempt brought, if it was this attempt's that was taken; or that of a receipt. */
    resultBy: (column: 'attempt_id' | 'receipt_id', id: string): ResultRow | undefined =>
      rowsOf<ResultRow>(database, `SELECT * FROM results WHERE ${column} = ?`, id)[0],

    payment: (jobId: string): PaymentRow | undefined =>
      rowsOf<PaymentRow>(database, 'SELECT * FROM payments WHERE job_id = ?', jobId)[0],

    /**
     * Forgets jobs that ended before a time and owe nothing; those without a result sooner, and the oldest
     * of them when there are more than `unpaidKept`; and batches that were closed before a slot. At most
     * `rows` of each. Returns how many jobs.
     */
    sweep: (before: Sweep): number => {
      const { rows } = before
      const idsOf = (query: string, ...bindings: number[]): string[] =>
        rowsOf<{ job_id: string }>(database, query, ...bindings).map((row) => row.job_id)
      const ids = new Set([
        ...idsOf(selectOld, before.endedAtMs, rows),
        ...idsOf(selectOldUnpaid, before.unpaidEndedAtMs, rows),
        ...idsOf(selectSurplus, rows, before.unpaidKept),
      ])
      sql.exec(deleteBatches, rows, before.slot)
      for (const id of ids) {
        for (const table of ['held', 'miner_receipts', 'payments', 'results', 'lives', 'jobs']) {
          sql.exec(`DELETE FROM ${table} WHERE job_id = ?`, id)
        }
      }
      return ids.size
    },
  }
}

/** What may be forgotten. Unix milliseconds, slots, numbers of rows. */
export type Sweep = {
  readonly endedAtMs: number
  readonly unpaidEndedAtMs: number
  readonly unpaidKept: number
  readonly slot: number
  readonly rows: number
}

/** Column `lives.open`: ended with a result, open, ended without one, ended with a part to be signed for. */
const openCodes = { paid: 0, open: 1, unpaid: 2, part: 3 } as const

const openOf = (state: Job['state']): number => {
  if (!isTerminal(state)) return openCodes.open
  return state === 'completed' ? openCodes.paid : openCodes.unpaid
}

function storedOf(row: JobRow): StoredJob {
  const asked = askBesideOf(row.ask)
  const spec = decodeCanonical(jobSpecCoder, bytesOf(row.spec))
  const authorisation = decodeCanonical(authorisationCoder, bytesOf(row.authorisation))
  assert(spec.ok && authorisation.ok, 'what was stored is canonical')
  const ask = makeAsk({
    ...asked,
    jobId: row.job_id,
    client: row.client,
    spec: spec.value,
    authorisation: authorisation.value,
    authorisationBytes: bytesOf(row.authorisation),
    authorisationSignature: bytesOf(row.authorisation_signature),
  })
  const { terms, ...life } = JSON.parse(row.life) as StoredLife
  const prices = terms.map(([attemptId, prompt, completion, claim]): [string, Terms] => [
    attemptId,
    {
      promptPer1000: BigInt(prompt),
      completionPer1000: BigInt(completion),
      ...(claim && { claim }),
    },
  ])
  return { ask, life, terms: new Map(prices) }
}

/** Terms: attempt, price of prompt and of completion in base units for 1 000 tokens, claim. */
type StoredLife = Job & {
  readonly terms: readonly (readonly [string, string, string, ClaimRef?])[]
}

function lifeText({ life, terms }: Pick<LiveJob, 'life' | 'terms'>): string {
  const prices = [...terms].map(([attemptId, price]) => {
    const { promptPer1000, completionPer1000, claim } = price
    const row = [attemptId, String(promptPer1000), String(completionPer1000)] as const
    return claim ? ([...row, claim] as const) : row
  })
  const stored: StoredLife = { ...life, terms: prices }
  return JSON.stringify(stored)
}

/** Completes what was asked with all that follows from it. */
export function makeAsk(
  input: Pick<
    Ask,
    | 'jobId'
    | 'client'
    | 'receiptId'
    | 'payload'
    | 'constraints'
    | 'spec'
    | 'limit'
    | 'priority'
    | 'routing'
    | 'near'
    | 'webhook'
    | 'authorisation'
    | 'authorisationBytes'
    | 'authorisationSignature'
  >,
): Ask {
  const specBytes = jobSpecCoder.encode(input.spec)
  return {
    ...input,
    specBytes,
    bytes: specBytes.length + Buffer.byteLength(JSON.stringify(input.payload)),
    size: sizeOf(input.spec),
    authorisationHash: authorisationHash(input.authorisation),
    escrow: toHex(input.authorisation.escrow),
    signer: toHex(input.authorisation.signer),
  }
}

/** Text of an attempt of which nothing has arrived. */
export const noText = (): AttemptText => ({ pieces: [], saved: 0, nextSeq: 0, tokens: 0, bytes: 0 })

function loadTexts(database: SqlDatabase, life: Job): Map<string, AttemptText> {
  const texts = new Map<string, AttemptText>()
  for (const attempt of life.attempts) {
    const rows = rowsOf<{ until_seq: number; tokens: number; text: string }>(
      database,
      `SELECT until_seq, tokens, text FROM attempt_text WHERE job_id = ? AND attempt_id = ?
       ORDER BY until_seq`,
      life.jobId,
      attempt.attemptId,
    )
    const last = rows.at(-1)
    texts.set(attempt.attemptId, {
      pieces: rows.map((row) => row.text),
      saved: rows.length,
      // A lapsed attempt may have gone on after its life was last written.
      nextSeq: Math.max(attempt.nextSeq, last?.until_seq ?? 0),
      tokens: Math.max(attempt.tokens, last?.tokens ?? 0),
      bytes: rows.reduce((sum, row) => sum + Buffer.byteLength(row.text), 0),
    })
  }
  return texts
}

const selectJob = `SELECT seq, jobs.job_id, client, ask, spec, authorisation,
  authorisation_signature, life FROM jobs JOIN lives USING (job_id)`
const selectStanding = `SELECT seq, jobs.job_id, client, ask, spec, authorisation,
  authorisation_signature, life, NULL AS amount FROM jobs JOIN lives USING (job_id) WHERE open = 1
  UNION ALL SELECT seq, jobs.job_id, client, ask, spec, authorisation, authorisation_signature, life,
  amount FROM jobs JOIN lives USING (job_id) JOIN payments USING (job_id)
  WHERE payments.state IN ('held', 'due', 'sent')
  UNION ALL SELECT seq, jobs.job_id, client, ask, spec, authorisation, authorisation_signature, life,
  NULL AS amount FROM parts JOIN jobs USING (job_id) JOIN lives USING (job_id)`
const insertJob = `INSERT INTO jobs (job_id, client, model, ask, spec, escrow, number, authorisation,
  authorisation_signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
const updateLife = 'UPDATE lives SET open = ?, ended_at_ms = ?, life = ? WHERE job_id = ?'
const updateAsk = 'UPDATE jobs SET ask = ?, spec = ? WHERE job_id = ?'
const insertPart = 'INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?)'
const insertText = 'INSERT OR REPLACE INTO attempt_text VALUES (?, ?, ?, ?, ?)'
const insertResult = `INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const selectDelivered =
  'SELECT miner_id AS minerId, attempt_id AS attemptId FROM results WHERE job_id = ?'
const insertPayment = `INSERT INTO payments (job_id, state, amount, settle_by, released_at_ms)
  VALUES (?, ?, ?, ?, ?)`
const selectOld = `SELECT job_id FROM lives WHERE open = 0 AND ended_at_ms < ? AND NOT EXISTS
  (SELECT 1 FROM payments WHERE payments.job_id = lives.job_id AND state IN ('held', 'due', 'sent'))
  ORDER BY ended_at_ms LIMIT ?`
const selectOldUnpaid = `SELECT job_id FROM lives WHERE open = 2 AND ended_at_ms < ?
  ORDER BY ended_at_ms LIMIT ?`
const selectSurplus = `SELECT job_id FROM lives WHERE open = 2 ORDER BY ended_at_ms DESC
  LIMIT ? OFFSET ?`
// The oldest stand first: none behind them can be older.
const deleteBatches = `DELETE FROM batches WHERE batch IN (SELECT batch FROM
  (SELECT batch, open, valid_until FROM batches ORDER BY batch LIMIT ?)
  WHERE open = 0 AND valid_until < ?)`
