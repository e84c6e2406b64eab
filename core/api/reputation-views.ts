/**
 * What a site says of a miner's work: its reputation with the figures and the formula behind it, the signed
 * receipts that everybody can compute it from, and the payments that are held.
 */
import * as z from 'zod'
import { fromBase64Url, toBase64Url, toHex, toHex0x, utf8ToBytes } from '../base/bytes.ts'
import { err, ok, type Result } from '../base/result.ts'
import { formatTime } from '../base/rfc3339.ts'
import { formatAddress } from '../crypto/address.ts'
import { type Reputation, reputationTerms } from '../market/reputation.ts'
import type { HeldResult, MinerReceipt } from './coordinator-service.ts'
import { address, hash, hexBytes, publicKey, signature, units, whole } from './schemas/common.ts'

const time = z.iso.datetime()
const source = z.literal('coordinator').describe('Who says it')

/** `{id}` of a miner. */
export const publicMinerParams = z.object({
  id: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/)
    .describe('The miner_id, as GET /site/miners and receipts name it'),
})

/** `GET /miners/{id}/reputation`. */
export const reputationSchema = z
  .strictObject({
    miner_id: z.string(),
    score: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .describe('0 to 1, cut to thousandths; null where no receipt counts'),
    why_none: z
      .enum(['NO_RECEIPTS', 'NOT_SIGNED'])
      .nullable()
      .describe('NOT_SIGNED: a miner of the original, which has no key to sign with'),
    receipts: whole.describe(
      'That count: signed by the miner, paid by a final block, of the last 30 days',
    ),
    clients: whole.describe('Distinct public ids that paid'),
    prompt_tokens: whole,
    completion_tokens: whole,
    amount: units.describe('Paid in all'),
    cost: units.describe('Of it, what did not reach the miner'),
    first_at: time.nullable(),
    last_at: time.nullable(),
    models: z.array(
      z.strictObject({
        name: z.string(),
        receipts: whole,
        tokens_per_second: z.number().nullable().describe('Median, by the times in the receipts'),
      }),
    ),
    unsigned: z
      .strictObject({ receipts: whole, amount: units, cost: units })
      .describe('Paid too, but not signed by the miner: counted in none of the others'),
    formula: z
      .strictObject({
        window_ms: whole,
        receipts_max: whole,
        half_cost: units,
        half_clients: whole,
        cost_bps: whole,
      })
      .describe('The constants; docs, Reputation, says how they are used'),
    as_of: time.describe('The moment that ages are counted to'),
    source,
  })
  .meta({ id: 'MinerReputation', description: 'One number, made of signed receipts alone' })

const receiptRow = z.strictObject({
  receipt_id: z.string(),
  job_id: z.string(),
  receipt: hexBytes.describe('Canonical bytes: what the miner signed'),
  receipt_hash: hash.describe('As the settlement on the chain names it'),
  miner_key: publicKey.nullable().describe('null for a miner of the original, which has none'),
  miner_signature: signature.nullable(),
  miner: address.describe('Who was paid'),
  client: z.string().describe('Public id of whoever paid'),
  model: z.string(),
  prompt_tokens: whole,
  completion_tokens: whole,
  amount: units,
  started_at: time,
  completed_at: time,
  settlement: z.strictObject({ tx_hash: hash, block_height: whole }),
})

/** `GET /miners/{id}/receipts`. */
export const minerReceiptsSchema = z
  .strictObject({
    items: z.array(receiptRow),
    next_cursor: z.string().nullable(),
    as_of: time,
    source,
  })
  .meta({ id: 'MinerReceipts', description: 'Receipts whose payment is final, newest first' })

const heldRow = {
  job_id: z.string(),
  miner_id: z.string(),
  reasons: z.array(z.strictObject({ code: z.string(), message: z.string() })),
  amount: units.describe('Charged if it is released'),
  held_at: time,
  decided_until: time.describe('After it nothing is paid'),
  decision: z.enum(['released', 'refused', 'lapsed']).nullable(),
  decided_at: time.nullable(),
  why: z.string().nullable(),
}

const heldEnvelope = { next_cursor: z.null(), as_of: time, source }

/** `GET /miners/{id}/held`. */
export const heldListSchema = z
  .strictObject({ items: z.array(z.strictObject(heldRow)), ...heldEnvelope })
  .meta({ id: 'HeldResults', description: 'Payments that wait, or waited, for a decision' })

const adminHeldRow = z
  .strictObject({ ...heldRow, decided_by: z.string().nullable() })
  .meta({ id: 'AdminHeldResult' })

/** `POST /admin/held/{id}/release` and `/refuse`. */
export const adminHeldSchema = adminHeldRow

/** `GET /admin/held`. */
export const adminHeldListSchema = z
  .strictObject({ items: z.array(adminHeldRow), ...heldEnvelope })
  .meta({ id: 'AdminHeldResults' })

/** Query of the receipts. */
export const minerReceiptsQuery = z.strictObject({
  cursor: z.string().max(200).optional().describe('From next_cursor'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

/** Query of what is held. */
export const heldQuery = z.strictObject({
  open: z.enum(['true', 'false']).default('false').describe('true: only what waits'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

/** Where a page of receipts goes on: behind this one. */
export type ReceiptPlace = { readonly height: number; readonly jobId: string }

/** An opaque cursor. */
export const receiptCursor = ({ height, jobId }: ReceiptPlace): string =>
  toBase64Url(utf8ToBytes(`r${height}.${jobId}`))

/** Reads a cursor that `receiptCursor` has written. */
export function readReceiptCursor(
  text: string,
): Result<ReceiptPlace, { readonly code: 'CURSOR_INVALID' }> {
  const bytes = fromBase64Url(text)
  const plain = bytes.ok ? String.fromCharCode(...bytes.value) : ''
  const match = /^r(0|[1-9][0-9]{0,14})\.([0-9a-f]{32})$/.exec(plain)
  if (!match?.[1] || !match[2]) return err({ code: 'CURSOR_INVALID' })
  return ok({ height: Number(match[1]), jobId: match[2] })
}

/** `GET /miners/{id}/reputation`. */
export const reputationView = (
  minerId: string,
  { reputation, asOfMs }: { readonly reputation: Reputation; readonly asOfMs: number },
  costBps: number,
): z.infer<typeof reputationSchema> => ({
  miner_id: minerId,
  score: reputation.receipts === 0 ? null : reputation.scoreMilli / 1_000,
  why_none:
    reputation.receipts > 0
      ? null
      : reputation.unsigned.receipts > 0
        ? 'NOT_SIGNED'
        : 'NO_RECEIPTS',
  receipts: reputation.receipts,
  clients: reputation.clients,
  prompt_tokens: reputation.promptTokens,
  completion_tokens: reputation.completionTokens,
  amount: String(reputation.amount),
  cost: String(reputation.cost),
  first_at: reputation.firstAtMs === undefined ? null : formatTime(reputation.firstAtMs),
  last_at: reputation.lastAtMs === undefined ? null : formatTime(reputation.lastAtMs),
  models: reputation.models.map(({ name, receipts, tokensPerSecond }) => ({
    name,
    receipts,
    tokens_per_second: tokensPerSecond ?? null,
  })),
  unsigned: {
    receipts: reputation.unsigned.receipts,
    amount: String(reputation.unsigned.amount),
    cost: String(reputation.unsigned.cost),
  },
  formula: {
    window_ms: reputationTerms.windowMs,
    receipts_max: reputationTerms.receiptsMax,
    half_cost: String(reputationTerms.halfCost),
    half_clients: reputationTerms.halfClients,
    cost_bps: costBps,
  },
  as_of: formatTime(asOfMs),
  source: 'coordinator',
})

/** `GET /miners/{id}/receipts`; a full page has a cursor. */
export function minerReceiptsView(
  receipts: readonly MinerReceipt[],
  { limit, nowMs }: { readonly limit: number; readonly nowMs: number },
): z.infer<typeof minerReceiptsSchema> {
  const last = receipts.length === limit ? receipts.at(-1) : undefined
  return {
    items: receipts.map(receiptView),
    next_cursor: last ? receiptCursor(last) : null,
    as_of: formatTime(nowMs),
    source: 'coordinator',
  }
}

const receiptView = (each: MinerReceipt): z.infer<typeof receiptRow> => ({
  receipt_id: toHex(each.receipt.receiptId),
  job_id: each.jobId,
  receipt: toHex(each.canonical),
  receipt_hash: toHex0x(each.receiptHash),
  miner_key: each.receipt.minerKey ? toHex(each.receipt.minerKey) : null,
  miner_signature: each.minerSignature ? toHex(each.minerSignature) : null,
  miner: formatAddress(each.receipt.miner),
  client: each.receipt.client,
  model: each.receipt.model,
  prompt_tokens: each.receipt.promptTokens,
  completion_tokens: each.receipt.completionTokens,
  amount: String(each.receipt.amount),
  started_at: formatTime(Number(each.receipt.startedAtMs)),
  completed_at: formatTime(Number(each.receipt.completedAtMs)),
  settlement: { tx_hash: toHex0x(each.txHash), block_height: each.height },
})

/** `GET /miners/{id}/held`. Who decided stays with the site; why does not. */
export const heldListView = (
  held: readonly HeldResult[],
  nowMs: number,
): z.infer<typeof heldListSchema> => ({ items: held.map(heldView), ...heldEnd(nowMs) })

/** A held result, for administrators. */
export const adminHeldView = (each: HeldResult): z.infer<typeof adminHeldSchema> => ({
  ...heldView(each),
  decided_by: each.decidedBy ?? null,
})

/** `GET /admin/held`. */
export const adminHeldListView = (
  held: readonly HeldResult[],
  nowMs: number,
): z.infer<typeof adminHeldListSchema> => ({
  items: held.map(adminHeldView),
  ...heldEnd(nowMs),
})

const heldView = (each: HeldResult) => ({
  job_id: each.jobId,
  miner_id: each.minerId,
  reasons: each.reasons.map(({ code, message }) => ({ code, message })),
  amount: String(each.amount),
  held_at: formatTime(each.heldAtMs),
  decided_until: formatTime(each.untilMs),
  decision: each.decision ?? null,
  decided_at: each.decidedAtMs === undefined ? null : formatTime(each.decidedAtMs),
  why: each.why ?? null,
})

const heldEnd = (nowMs: number) => ({
  next_cursor: null,
  as_of: formatTime(nowMs),
  source: 'coordinator' as const,
})
