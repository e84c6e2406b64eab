/**
 * The wallet daemon over JSON-RPC 2.0, in the original's methods. The same counts and steps as over HTTP.
 * Rules: wallet-SPEC.md, WALLETRPC.
 */
import { base64 } from '@scure/base'
import { Hono } from 'hono'
import * as z from 'zod'
import { type ApiError, messageOf } from '../../core/api/errors.ts'
import {
  createWalletRequest,
  walletIdSchema,
  walletRpcRequest,
} from '../../core/api/schemas/wallet.ts'
import type { WalletCaller, WalletService } from '../../core/api/wallet-service.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { requireAnyone, session } from '../session.ts'
import { walletsOf } from '../wallet-client.ts'
import { mount } from './mount.ts'
import { readJson } from './request.ts'
import { callerOf, messageOfBase64, receiptChecks, seedOfBase64, walletView } from './wallet.ts'

export const walletRpcRoutes = mount(new Hono<AppEnv>().use('*', session), { callWallet: rpc })

const codes = {
  json: -32700,
  request: -32600,
  method: -32601,
  params: -32602,
  credentials: -32001,
  receipt: -32004,
  limit: -32005,
  site: -32603,
} as const

type RpcError = { readonly code: number; readonly message: string; readonly data?: unknown }
type Outcome = Result<unknown, RpcError>

async function rpc(c: AppContext): Promise<Response> {
  requireAnyone(c)
  const call = await readCall(c)
  const { id, outcome } = call.ok
    ? { id: call.value.id ?? null, outcome: await handled(c, call.value) }
    : { id: null, outcome: call }
  const body = outcome.ok ? { result: outcome.value } : { error: outcome.error }
  return c.json({ jsonrpc: '2.0', id, ...body })
}

type Call = z.infer<typeof walletRpcRequest>

/** One call a request; what is none is refused in the shape of JSON-RPC too. */
async function readCall(c: AppContext): Promise<Result<Call, RpcError>> {
  let body: unknown
  try {
    body = await readJson(c)
  } catch (thrown) {
    if (!(thrown instanceof ApiFailure) || thrown.error.code !== 'JSON_INVALID') throw thrown
    return err({ code: codes.json, message: 'The body is no JSON.' })
  }
  if (Array.isArray(body)) {
    const message = 'Batches are not taken: send one call a request.'
    return err({ code: codes.request, message })
  }
  const call = walletRpcRequest.safeParse(body)
  return call.success ? ok(call.data) : err({ code: codes.request, message: faultIn(call.error) })
}

async function handled(c: AppContext, { method, params = {} }: Call): Promise<Outcome> {
  const handle = Object.hasOwn(methods, method) ? methods[method] : undefined
  if (handle) return handle(c, params).catch(caught)
  return err({ code: codes.method, message: `There is no method ${method.slice(0, 64)}.` })
}

/** Refusals that were thrown on the way have a code of JSON-RPC too; what nobody foresaw has none. */
function caught(thrown: unknown): Outcome {
  if (!(thrown instanceof ApiFailure)) throw thrown
  return err(rpcErrorOf(thrown.error))
}

const unlockParams = z.object({ wallet_id: walletIdSchema, password: z.string().min(1).max(1_024) })
const signParams = unlockParams.extend({ message: z.string() })
const receiptParams = z.object({ job_id: z.string() })

const methods: Readonly<
  Record<string, (c: AppContext, params: Record<string, unknown>) => Promise<Outcome>>
> = {
  'wallet.list': (c) =>
    withWallets(c, 'list', async (wallets, caller) => {
      const found = await wallets.wallets(caller)
      return found.ok ? ok({ items: found.value.map(walletView) }) : found
    }),
  'wallet.create': (c, params) =>
    withParams(createWalletRequest, params, (given) =>
      withWallets(c, 'create', async (wallets, caller) => {
        const seed = seedOfBase64(given.secret_key)
        if (!seed.ok) return seed
        const { wallet_id: walletId, password, metadata } = given
        const input = { walletId, password, metadata, seed: seed.value }
        const made = await wallets.create(caller, input)
        return made.ok ? ok({ wallet: walletView(made.value) }) : made
      }),
    ),
  'wallet.unlock': (c, params) =>
    withParams(unlockParams, params, ({ wallet_id: walletId, password }) =>
      withWallets(c, 'unlock', async (wallets, caller) => {
        const opened = await wallets.unlock(caller, { walletId, password })
        return opened.ok ? ok({ wallet_id: walletId, unlocked: true }) : opened
      }),
    ),
  'wallet.sign': (c, params) =>
    withParams(signParams, params, (given) =>
      withWallets(c, 'sign', async (wallets, caller) => {
        const message = messageOfBase64(given.message)
        if (!message.ok) return message
        const { wallet_id: walletId, password } = given
        const signed = await wallets.sign(caller, { walletId, password, message: message.value })
        if (!signed.ok) return signed
        return ok({ wallet_id: walletId, signature: base64.encode(signed.value) })
      }),
    ),
  'receipts.verify_latest': (c, params) =>
    withParams(receiptParams, params, async ({ job_id: jobId }) => {
      const [latest] = await receiptChecks(c, jobId)
      return latest ? ok(latest) : err({ code: codes.receipt, message: 'receipt not found' })
    }),
  'receipts.verify_history': (c, params) =>
    withParams(receiptParams, params, async ({ job_id: jobId }) =>
      ok({ items: await receiptChecks(c, jobId) }),
    ),
}

async function withParams<T>(
  schema: z.ZodType<T>,
  params: Record<string, unknown>,
  next: (given: T) => Promise<Outcome>,
): Promise<Outcome> {
  const parsed = schema.safeParse(params)
  if (parsed.success) return next(parsed.data)
  return err({ code: codes.params, message: faultIn(parsed.error) })
}

function faultIn({ issues: [issue] }: z.ZodError): string {
  const place = issue?.path.join('.') ?? ''
  return `${place === '' ? 'body' : place}: ${issue?.message ?? 'invalid'}`
}

async function withWallets(
  c: AppContext,
  action: string,
  next: (wallets: WalletService, caller: WalletCaller) => Promise<Result<unknown, ApiError>>,
): Promise<Outcome> {
  const caller = await callerOf(c, action)
  const result = await next(walletsOf(c.env, caller.owner), caller)
  return result.ok ? result : err(rpcErrorOf(result.error))
}

const rpcErrorOf = (error: ApiError): RpcError => ({
  code: rpcCodes[error.code] ?? codes.site,
  message: messageOf(error),
  data: { code: error.code, details: error.details ?? null },
})

const rpcCodes: Partial<Record<ApiError['code'], number>> = {
  WALLET_CREDENTIALS_INVALID: codes.credentials,
  RECEIPT_NOT_FOUND: codes.receipt,
  WALLET_LIMIT_EXCEEDED: codes.limit,
  RATE_LIMIT_EXCEEDED: codes.limit,
  WALLET_SECRET_INVALID: codes.params,
  WALLET_MESSAGE_INVALID: codes.params,
  WALLET_EXISTS: codes.params,
  WALLETS_TOO_MANY: codes.params,
  PASSWORD_TOO_WEAK: codes.params,
}
