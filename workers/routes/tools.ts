/** Checks and questions that need no key: receipts, matching, page timings. Rules: contract-SPEC.md, TOOLS. */
import { Hono } from 'hono'
import { type MatchBody, receiptAttestationsMax } from '../../core/api/contract-requests.ts'
import type { MinerCandidate } from '../../core/api/coordinator-figures.ts'
import { messageOf } from '../../core/api/errors.ts'
import { constraintsOf } from '../../core/api/jobs-requests.ts'
import { formatCoins } from '../../core/base/amount.ts'
import { bytesEqual, toBase64Url } from '../../core/base/bytes.ts'
import { formatAddress } from '../../core/crypto/address.ts'
import { nobleVerifier } from '../../core/crypto/ed25519.ts'
import { validationError } from '../../core/jobs/job-request.ts'
import { verifyLegacyReceipt } from '../../core/jobs/legacy-receipt.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
import { canonicalText, parsePyJson, recordOf } from '../../core/jobs/python-json.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { countOpen } from '../gateway/limiter.ts'
import { countVital } from '../gateway/request-counts.ts'
import { type Asked, mount } from './mount.ts'

export const toolRoutes = mount(new Hono<AppEnv>(), {
  verifyReceipt: verify,
  matchMiners: match,
  reportWebVital: webVital,
  getWebVitalsHealth: async (c) => {
    await countOpen(c)
    return c.json({ status: 'healthy', service: 'web-vitals' })
  },
})

async function verify(c: AppContext): Promise<Response> {
  await countOpen(c)
  const receipt = await readReceipt(c)
  const { receipt_id: id, attestations } = receipt
  if (Array.isArray(attestations) && attestations.length > receiptAttestationsMax) {
    const message = `must be at most ${receiptAttestationsMax}`
    const field = 'body.attestations'
    throw new ApiFailure(validationError([{ field, message, code: 'too_big' }]))
  }
  const verified = verifyLegacyReceipt(canonicalText(receipt), nobleVerifier)
  const receipt_id = typeof id === 'string' ? id : null
  if (!verified.ok) {
    const reason = verified.error.reasons.join(', ')
    return c.json({ valid: false, reason, receipt_id, signer: null, attested_here: false })
  }
  const { key, attestationKeys } = verified.value
  const { coordinatorKey } = await c.get('coordinator').site()
  const isHere = [key, ...attestationKeys].some((each) => bytesEqual(each, coordinatorKey))
  const signer = toBase64Url(key)
  return c.json({ valid: true, reason: null, receipt_id, signer, attested_here: isHere })
}

/** Bare, or in `receipt`; read so that each number keeps the spelling that was signed. */
async function readReceipt(c: AppContext) {
  const parsed = parsePyJson(await c.req.text())
  if (!parsed.ok) throw new ApiFailure({ code: 'JSON_INVALID' })
  const body = recordOf(parsed.value)
  if (!body) {
    const fault = { field: 'body', message: 'must be a receipt', code: 'invalid_type' }
    throw new ApiFailure(validationError([fault]))
  }
  return recordOf(body['receipt']) ?? body
}

async function match(c: AppContext, asked: Asked<'matchMiners'>): Promise<Response> {
  await countOpen(c)
  const body = await asked.body(c)
  const found = await c.get('coordinator').matchMiners(wantedOf(body), body.top_k)
  const preferred = body.hints?.region
  const isNear = ({ region }: MinerCandidate) => preferred && region === preferred
  const near = found.candidates.filter(isNear)
  const sorted = [...near, ...found.candidates.filter((each) => !isNear(each))]
  const { refusal } = found
  return c.json({
    job_id: body.job_id,
    candidates: sorted.map((candidate, index) => ({
      miner_id: candidate.minerId,
      addr: formatAddress(candidate.payout),
      proto: candidate.kind === 'agent' ? 'websocket' : 'http',
      score: (sorted.length - index) / sorted.length,
      explain: explain(candidate),
      eta_ms: candidate.etaMs ?? null,
      price: String(candidate.price),
    })),
    reason: refusal ? { code: refusal.code, message: messageOf(refusal) } : null,
  })
}

function wantedOf({ requirements }: MatchBody) {
  const { model, prompt_tokens, max_tokens, ...constraints } = requirements ?? {}
  const promptTokens = prompt_tokens ?? 0
  return {
    size: {
      model: model ?? '',
      promptTokensMax: promptTokens,
      promptTokensMin: promptTokens,
      maxTokens: max_tokens ?? jobLimits.maxTokensDefault,
      isOpaque: false,
    },
    constraints: constraintsOf(constraints),
    limit: undefined,
  }
}

function explain({ price, busy, concurrency, region }: MinerCandidate): string {
  const places = concurrency === 0 ? `${busy} jobs` : `${busy} of ${concurrency} places taken`
  const where = region === undefined ? '' : `, in ${region}`
  return `${formatCoins(price)} AITBC at most, ${places}${where}`
}

async function webVital(c: AppContext, asked: Asked<'reportWebVital'>): Promise<Response> {
  await countOpen(c)
  const { name, value } = await asked.body(c)
  countVital(c.env, name, value)
  return c.json({ status: 'received', metric: name, value })
}
