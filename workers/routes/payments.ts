/**
 * Payments of the original, on what really is in escrow: a job has one payment, reserved when it is taken.
 * Rules: contract-SPEC.md, PAYMENTS.
 */
import { Hono } from 'hono'
import type { JobRecord, Principal } from '../../core/api/coordinator-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { paymentView } from '../../core/api/jobs-views.ts'
import { formatCoins, unitsOfCoins } from '../../core/base/amount.ts'
import { requirePrincipal } from '../auth.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { settled } from './jobs.ts'
import { type Asked, mount } from './mount.ts'
import { orThrow } from './request.ts'

export const paymentRoutes = mount(new Hono<AppEnv>(), {
  createPayment: create,
  getPayment: view,
  releasePayment: release,
  refundPayment: refund,
  getPaymentReceipt: receipt,
})

/** States the reservation of a job. Nothing can be added to it: the authorisation that pays is signed. */
async function create(c: AppContext, asked: Asked<'createPayment'>): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const body = await asked.body(c)
  if (body.payment_method === 'bitcoin') {
    const message = 'Jobs are paid in AITBC; payments in bitcoin come with the exchange.'
    throw new ApiFailure({ code: 'NOT_BUILT', message })
  }
  const job = orThrow(await c.get('coordinator').job(who, body.job_id))
  const stated = unitsOfCoins(body.amount)
  if (stated > job.limit && job.limit > 0n) {
    const message = `This job may cost ${formatCoins(job.limit)} AITBC at most; that is fixed when it is submitted.`
    const details = { reserved: String(job.limit), asked: String(stated) }
    throw new ApiFailure({ code: 'PAYMENT_FIXED', message, details })
  }
  return c.json(viewOf(await settled(c, job)), 201)
}

async function view(c: AppContext): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  return c.json(viewOf(await settled(c, await jobOf(c, who))))
}

/** Only an accepted answer releases money: this confirms it, or says what is in the way. */
async function release(c: AppContext, asked: Asked<'releasePayment'>): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  await readEnding(c, asked, 'PAYMENT_NOT_RELEASABLE')
  const job = await jobOf(c, who)
  if (job.paymentStatus === 'released') return ended(c, 'released', job)
  throw refusal('PAYMENT_NOT_RELEASABLE', 'Failed to release payment', whyNotReleased(job))
}

/** Money comes back by the end of the job: whoever may cancel it may have it back. */
async function refund(c: AppContext, asked: Asked<'refundPayment'>): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  await readEnding(c, asked, 'PAYMENT_NOT_REFUNDABLE')
  const job = await jobOf(c, who)
  if (job.paymentStatus === 'refunded') return ended(c, 'refunded', job)
  const canceled = await c.get('coordinator').cancelJob(who, job.jobId)
  if (canceled.ok) return ended(c, 'refunded', canceled.value)
  // It may have ended in the meantime.
  const now = await jobOf(c, who)
  if (now.paymentStatus === 'refunded') return ended(c, 'refunded', now)
  const why = 'its answer was delivered, and the payment is for that'
  throw refusal('PAYMENT_NOT_REFUNDABLE', 'Failed to refund payment', why)
}

async function receipt(c: AppContext): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const payment = viewOf(await settled(c, await jobOf(c, who)))
  const { payment_id, job_id, amount, currency, status, transaction_hash, created_at } = payment
  const verified_at = payment['released_at'] ?? payment['refunded_at']
  return c.json({
    ...{ payment_id, job_id, amount, currency, status, transaction_hash, created_at },
    verified_at,
  })
}

const idOf = (c: AppContext): string => (c.req.param('id') ?? '').toLowerCase()

/** The job of a payment of the caller's; anybody else's does not exist. */
async function jobOf(c: AppContext, who: Principal): Promise<JobRecord> {
  const id = idOf(c)
  const found = /^[0-9a-f]{32}$/.test(id) ? await c.get('coordinator').job(who, id) : undefined
  if (found?.ok && found.value.limit > 0n) return found.value
  throw new ApiFailure({ code: 'PAYMENT_NOT_FOUND', message: 'Payment not found' })
}

/** The body names job and payment once more; another job than the path's is a mistake of the caller. */
async function readEnding(
  c: AppContext,
  asked: Asked<'releasePayment' | 'refundPayment'>,
  code: ApiError['code'],
): Promise<void> {
  const body = await asked.body(c)
  if (body.job_id === idOf(c) && body.payment_id === idOf(c)) return
  const what = code === 'PAYMENT_NOT_RELEASABLE' ? 'release' : 'refund'
  throw refusal(code, `Failed to ${what} payment`, 'the body names another job or payment')
}

function whyNotReleased(job: JobRecord): string {
  if (job.paymentStatus === 'refunded') return 'the job ended without an answer'
  if (job.state === 'completed') return 'the answer waits for a decision of the operator'
  return 'the job has not been computed yet; its accepted answer releases the payment'
}

const ended = (c: AppContext, status: 'released' | 'refunded', job: JobRecord): Response =>
  c.json({
    status,
    payment_id: job.jobId,
    charged: job.amount === undefined ? null : String(job.amount),
  })

const refusal = (code: ApiError['code'], what: string, why: string): ApiFailure =>
  new ApiFailure({ code, message: `${what}: ${why}.` })

function viewOf(job: JobRecord): Record<string, unknown> {
  const view = paymentView(job)
  if (!view) throw new ApiFailure({ code: 'PAYMENT_NOT_FOUND' })
  return view
}
