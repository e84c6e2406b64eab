/**
 * The wallet daemon over HTTP, in the original's shapes and durable. Mounted at `/wallet/v1`; JSON-RPC in
 * `wallet-rpc.ts` takes the same steps. Rules: wallet-SPEC.md, WALLETHTTP.
 */

import { base64 } from '@scure/base'
import { Hono } from 'hono'
import type { Principal as CoordinatorPrincipal } from '../../core/api/coordinator-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { errorBody, messageOf } from '../../core/api/errors.ts'
import { checkReceipt } from '../../core/api/receipt-check.ts'
import { type ReceiptCheck, walletIdSchema } from '../../core/api/schemas/wallet.ts'
import {
  type WalletCaller,
  type WalletRecord,
  walletLimits,
} from '../../core/api/wallet-service.ts'
import { ownerOf } from '../../core/auth/principal.ts'
import { toHex } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { nobleVerifier } from '../../core/crypto/ed25519.ts'
import { passwordLimits } from '../../core/wallet/password.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { countWalletUse } from '../gateway/limiter.ts'
import { requireAnyone, session } from '../session.ts'
import { walletsOf } from '../wallet-client.ts'
import { type Asked, mount } from './mount.ts'

/** The longest form of an IPv6 address; where no edge writes it, anybody may. */
const addressCharsMax = 45

export const walletRoutes = mount(new Hono<AppEnv>().use('*', session), {
  listWallets: list,
  createWallet: create,
  unlockWallet: unlock,
  signWithWallet: sign,
  listWalletUses: ledger,
  checkReceipt: receipt,
  checkReceipts: receipts,
})

/** Who asks, after the count of uses that every owner of this address shares. */
export async function callerOf(c: AppContext, action: string): Promise<WalletCaller> {
  const owner = ownerOf(requireAnyone(c))
  await countWalletUse(c, action)
  return { owner, client: c.req.header('cf-connecting-ip')?.slice(0, addressCharsMax) ?? 'unknown' }
}

/** A wallet as the original showed it. */
export const walletView = (wallet: WalletRecord) => ({
  wallet_id: wallet.walletId,
  public_key: toHex(wallet.publicKey),
  metadata: wallet.metadata,
})

/** The bytes of a message that is to be signed. */
export function messageOfBase64(text: string): Result<Uint8Array, ApiError> {
  const bytes = bytesOfBase64(text)
  const fits = bytes && bytes.length <= walletLimits.messageBytesMax
  return fits ? ok(bytes) : err({ code: 'WALLET_MESSAGE_INVALID' })
}

/** A seed that is to be imported; undefined without one. */
export function seedOfBase64(
  text: string | null | undefined,
): Result<Uint8Array | undefined, ApiError> {
  if (text === null || text === undefined) return ok(undefined)
  const bytes = bytesOfBase64(text)
  return bytes ? ok(bytes) : err({ code: 'WALLET_SECRET_INVALID' })
}

/** Every receipt of a job of the caller's: one, or none before it is done. */
export async function receiptChecks(c: AppContext, jobId: string): Promise<ReceiptCheck[]> {
  await walletUse(c, 'receipts')
  if (!/^[0-9a-fA-F]{32}$/.test(jobId)) return []
  const id = jobId.toLowerCase()
  const found = await c.get('coordinator').receipt(readerOf(c), id)
  return found.ok ? [checkReceipt(id, found.value.legacyText, nobleVerifier)] : []
}

/** A refusal, with how long to wait where that is the remedy. */
export function refused(error: ApiError): ApiFailure {
  const { retry_after_seconds: seconds } = (error.details ?? {}) as { retry_after_seconds?: number }
  return new ApiFailure(error, seconds === undefined ? {} : { 'retry-after': String(seconds) })
}

const noReceipt = { code: 'RECEIPT_NOT_FOUND', message: 'receipt not found' } as const

async function list(c: AppContext): Promise<Response> {
  const caller = await callerOf(c, 'list')
  const items = orRefuse(await walletsOf(c.env, caller.owner).wallets(caller))
  return c.json({ items: items.map(walletView) })
}

async function create(c: AppContext, asked: Asked<'createWallet'>): Promise<Response> {
  const caller = await callerOf(c, 'create')
  const body = await asked.body(c)
  const { wallet_id: walletId, password, metadata } = body
  const seed = orRefuse(seedOfBase64(body.secret_key))
  const made = await walletsOf(c.env, caller.owner).create(caller, {
    ...{ walletId, password, metadata, seed },
  })
  if (made.ok) return c.json({ wallet: walletView(made.value) }, 201)
  const reason = reasons[made.error.code]
  if (reason === undefined) throw refused(made.error)
  const { requestId, now } = { requestId: c.get('requestId'), now: c.get('now') }
  const message = messageOf(made.error)
  return c.json(
    {
      ...errorBody(made.error, { requestId, timestamp: formatTime(now) }),
      detail: { reason, min_length: passwordLimits.charsMin, message },
    },
    400,
  )
}

/** What the original's clients look at when no wallet was made. */
const reasons: Partial<Record<ApiError['code'], string>> = {
  PASSWORD_TOO_WEAK: 'password_too_weak',
  WALLET_EXISTS: 'wallet_exists',
  WALLETS_TOO_MANY: 'wallets_too_many',
  WALLET_SECRET_INVALID: 'secret_invalid',
}

async function unlock(c: AppContext, asked: Asked<'unlockWallet'>): Promise<Response> {
  const caller = await callerOf(c, 'unlock')
  const { password } = await asked.body(c)
  const walletId = walletIdOf(c)
  orRefuse(await walletsOf(c.env, caller.owner).unlock(caller, { walletId, password }))
  return c.json({ wallet_id: walletId, unlocked: true })
}

async function sign(c: AppContext, asked: Asked<'signWithWallet'>): Promise<Response> {
  const caller = await callerOf(c, 'sign')
  const body = await asked.body(c)
  const input = {
    walletId: walletIdOf(c),
    password: body.password,
    message: orRefuse(messageOfBase64(body.message_base64)),
  }
  const signature = orRefuse(await walletsOf(c.env, caller.owner).sign(caller, input))
  return c.json({ wallet_id: input.walletId, signature_base64: base64.encode(signature) })
}

async function ledger(c: AppContext, asked: Asked<'listWalletUses'>): Promise<Response> {
  const caller = await callerOf(c, 'ledger')
  const { limit, cursor } = asked.query(c)
  const walletId = c.req.param('id') ?? ''
  const beforeSeq = cursor === undefined ? undefined : Number(cursor)
  const page = { walletId, limit, beforeSeq }
  const found = orRefuse(await walletsOf(c.env, caller.owner).ledger(caller, page))
  const items = found.map(({ seq, event, success, atMs, client }) => ({
    ...{ seq, event, success, at: formatTime(atMs), client },
  }))
  const last = items.length === limit ? items.at(-1) : undefined
  return c.json({
    items,
    next_cursor: last ? String(last.seq) : null,
    as_of: formatTime(c.get('now')),
    source: 'site',
  })
}

async function receipt(c: AppContext): Promise<Response> {
  const [result] = await receiptChecks(c, c.req.param('id') ?? '')
  if (!result) throw new ApiFailure(noReceipt)
  return c.json({ result })
}

async function receipts(c: AppContext): Promise<Response> {
  return c.json({ items: await receiptChecks(c, c.req.param('id') ?? '') })
}

/** Receipts need no password, and are counted all the same. */
async function walletUse(c: AppContext, action: string): Promise<void> {
  const caller = await callerOf(c, action)
  orRefuse(await walletsOf(c.env, caller.owner).count(caller, action))
}

/** Jobs belong to a public id; whoever signed in reads those of the account, and signs nothing here. */
function readerOf(c: AppContext): CoordinatorPrincipal {
  const who = requireAnyone(c)
  if (who.kind !== 'session') return who
  return { kind: 'account', publicKey: new Uint8Array(), publicId: who.publicId }
}

/** A name that no wallet can have is one that no wallet has. */
const walletIdOf = (c: AppContext): string => {
  const id = walletIdSchema.safeParse(c.req.param('id'))
  if (!id.success) throw new ApiFailure({ code: 'WALLET_CREDENTIALS_INVALID' })
  return id.data
}

function orRefuse<T>(result: Result<T, ApiError>): T {
  if (!result.ok) throw refused(result.error)
  return result.value
}

/** With or without padding. */
function bytesOfBase64(text: string): Uint8Array | undefined {
  try {
    const bare = text.replace(/=+$/, '')
    return base64.decode(bare + '='.repeat((4 - (bare.length % 4)) % 4))
  } catch {
    return undefined
  }
}
