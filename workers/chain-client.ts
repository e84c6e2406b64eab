/**
 * The chain as this site sees it: its own object, or the chain of a site that it follows over HTTP
 * (`CHAIN_UPSTREAM`), behind one interface.
 */
import type { ChainNodeService } from '../core/api/chain-reads.ts'
import type { ChainService, ProofError, SubmitVerdict } from '../core/api/chain-service.ts'
import { nameOfSubject } from '../core/api/light-json.ts'
import { readPeerUrls } from '../core/api/peer-urls.ts'
import {
  type AnswerError,
  readAccount,
  readBond,
  readBooking,
  readClaimable,
  readEscrow,
  readHead,
  readProof,
  readStatus,
  readTransaction,
  readVerdict,
  readVerdicts,
} from '../core/api/rpc-read.ts'
import { toHex, toHex0x } from '../core/base/bytes.ts'
import type { Result } from '../core/base/result.ts'
import { formatAddress } from '../core/crypto/address.ts'
import type { Env } from './env.ts'
import { idOf } from './object-ids.ts'

/** Longest wait for a followed site, milliseconds. */
const upstreamTimeoutMs = 10_000

/** The name of a site's one chain object. */
const chainName = 'chain'

/** The chain of the configured upstream, else of this site's own object. */
export const chainOf = (env: Env, upstream: string | undefined): ChainService =>
  upstream === undefined ? chainNodeOf(env) : httpChain(upstream)

/** This site's own chain object. Whatever keeps it from answering is `CHAIN_UNAVAILABLE`. */
export function chainNodeOf(env: Env): ChainNodeService {
  let stub: Record<string, (...args: unknown[]) => Promise<unknown>> | undefined
  const method = (name: string) => (input?: unknown, more?: unknown) => {
    // Made when it is needed: most requests never ask the chain, or ask it through another service.
    stub ??= chainStub(env) as unknown as typeof stub & object
    return (stub[name] as (...args: unknown[]) => Promise<unknown>)(input, more).catch(unavailable)
  }
  return {
    submit: method('submit'),
    status: method('status'),
    head: method('head'),
    account: method('account'),
    finalEscrow: method('finalEscrow'),
    finalBooking: method('finalBooking'),
    finalBond: method('finalBond'),
    finalClaimable: method('finalClaimable'),
    transaction: method('transaction'),
    faucet: (to: Uint8Array, amount: bigint) =>
      giftOf(env.PEERS, { own: () => method('faucet')(to, amount), to, amount }),
    proof: method('proof'),
    block: method('block'),
    blocks: method('blocks'),
    pool: method('pool'),
    waiting: method('waiting'),
    recent: method('recent'),
    freshTransactions: method('freshTransactions'),
    lightUpdate: method('lightUpdate'),
    lightProof: method('lightProof'),
    pull: method('pull'),
    announce: method('announce'),
    importBlock: method('importBlock'),
    peers: method('peers'),
    setSigning: method('setSigning'),
    snapshots: method('snapshots'),
    snapshotPart: method('snapshotPart'),
    watchdog: method('watchdog'),
  } as ChainNodeService
}

/** A gift of this site's faucet or, where genesis names none of its own, of the first peer that gives. */
async function giftOf(
  peers: string | undefined,
  gift: {
    readonly own: () => Promise<unknown>
    readonly to: Uint8Array
    readonly amount: bigint
  },
): Promise<SubmitVerdict> {
  let verdict = (await gift.own()) as SubmitVerdict
  const urls = readPeerUrls(peers)
  for (const url of urls.ok ? urls.value : []) {
    if (verdict.ok || verdict.error.code !== 'KIND_NOT_ALLOWED') return verdict
    // One that cannot be reached is as good as one that gives nothing.
    verdict = await httpChain(url)
      .faucet(gift.to, gift.amount)
      .catch(() => verdict)
  }
  return verdict
}

/** The object's own stub, for the sockets of its streams. */
export const chainStub = (env: Env): DurableObjectStub =>
  env.CHAIN_NODE.get(idOf(env.CHAIN_NODE, chainName))

/** Cron: wakes this site's chain object, unless the site follows another's chain. */
export async function watchChain(env: Env): Promise<void> {
  if (!env.CHAIN_UPSTREAM) await chainNodeOf(env).watchdog()
}

/** The chain of another site, by its public `/rpc`. */
export function httpChain(base: string): ChainService {
  const get = (path: string) => call(`${base}/rpc/${path}`)
  const post = (path: string, body: unknown) =>
    call(`${base}/rpc/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  return {
    submit: async (transactions) => {
      const answer = await post('transactions', { txs: transactions.map(toHex) })
      return trusted(readVerdicts(expect200(answer), transactions.length))
    },
    status: async () => trusted(readStatus(expect200(await get('status')))),
    head: async () => trusted(readHead(expect200(await get('head')))),
    account: async (address) =>
      trusted(readAccount(expect200(await get(`getBalance/${formatAddress(address)}`)))),
    finalEscrow: async (id) => {
      const answer = await get(`escrow/${toHex0x(id)}`)
      return answer.status === 404 ? undefined : trusted(readEscrow(expect200(answer)))
    },
    finalBooking: async (id) => {
      const answer = await get(`booking/${toHex0x(id)}`)
      return answer.status === 404 ? undefined : trusted(readBooking(expect200(answer)))
    },
    finalBond: async (owner) => {
      const answer = await get(`bond/${formatAddress(owner)}`)
      return answer.status === 404 ? undefined : trusted(readBond(expect200(answer)))
    },
    finalClaimable: async ({ authorisation, expiry }) => {
      const answer = await get(`claimable/${toHex0x(authorisation)}?expiry=${expiry}`)
      return answer.status === 404 ? undefined : trusted(readClaimable(expect200(answer)))
    },
    transaction: async (hash) => {
      const answer = await get(`tx/${toHex0x(hash)}`)
      return answer.status === 404 ? undefined : trusted(readTransaction(expect200(answer)))
    },
    faucet: async (to, amount) => {
      const body = { address: formatAddress(to), amount: amount.toString() }
      const answer = await post('admin/mintFaucet', body)
      if (answer.status === 200) return trusted(readVerdict(verdictIn(answer.json)))
      return faucetRefusal(answer)
    },
    proof: async (subject) => {
      const answer = await get(`proof/${subject.kind}/${nameOfSubject(subject)}`)
      const refused = proofRefusal(answer)
      return refused ?? trusted(readProof(expect200(answer)))
    },
  }
}

/**
 * What of a request is another site's business. Everything else stays here: credentials above all, which
 * callers send along to whatever they ask.
 */
const forwardedHeaders = [
  'accept',
  'content-type',
  'upgrade',
  'sec-websocket-key',
  'sec-websocket-version',
  'x-request-id',
] as const

/** Passes a request on to the followed site, streams included, without what its caller confides to this one. */
export async function forwardToUpstream(request: Request, base: string): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const headers = new Headers()
  for (const name of forwardedHeaders) {
    const value = request.headers.get(name)
    if (value !== null) headers.set(name, value)
  }
  const { method, body } = request
  const passed = new Request(base + pathname + search, {
    method,
    headers,
    body,
    redirect: 'manual',
  })
  const response = await fetch(passed).catch(unavailable)
  if (response.status === 101 || !response.headers.has('set-cookie')) return response
  const plain = new Response(response.body, response)
  plain.headers.delete('set-cookie')
  return plain
}

type Answer = { readonly status: number; readonly json: unknown }

async function call(url: string, init: RequestInit = {}): Promise<Answer> {
  try {
    const signal = AbortSignal.timeout(upstreamTimeoutMs)
    const response = await fetch(url, { ...init, signal, redirect: 'manual' })
    return { status: response.status, json: await response.json() }
  } catch (error) {
    return unavailable(error)
  }
}

function expect200({ status, json }: Answer): unknown {
  if (status !== 200) unavailable(new Error(`the followed site answered ${status}`))
  return json
}

function trusted<T>(read: Result<T, AnswerError>): T {
  return read.ok ? read.value : unavailable(new Error(read.error.message))
}

/** The error code and message of an answer in the one error shape. */
function errorIn(json: unknown): { code: string; message: string } | undefined {
  const error = (json as { error?: { code?: unknown; message?: unknown } } | null)?.error
  if (typeof error?.code !== 'string' || typeof error.message !== 'string') return undefined
  return { code: error.code, message: error.message }
}

function proofRefusal({ status, json }: Answer): ProofError | undefined {
  const error = status === 200 ? undefined : errorIn(json)
  if (error?.code !== 'NOT_FOUND' && error?.code !== 'NOT_FINAL') return undefined
  return { code: error.code, message: error.message }
}

const verdictIn = (json: unknown): unknown => (json as { verdict?: unknown } | null)?.verdict

function faucetRefusal({ status, json }: Answer): SubmitVerdict {
  const error = errorIn(json)
  // Cool-down and a faucet that is turned off have no code among the refusals of a transaction.
  if (status >= 500 || !error) return unavailable(new Error(`the faucet answered ${status}`))
  const code = 'KIND_NOT_ALLOWED' as const
  return { ok: false, hash: new Uint8Array(32), error: { code, message: error.message } }
}

/** Turns any failure to reach the chain into the one code that callers know; keeps what is precise. */
function unavailable(error: unknown): never {
  const { code } = (error ?? {}) as { code?: unknown }
  if (code === 'CONFIG_INVALID' || code === 'CHAIN_UNAVAILABLE') throw error
  const message = error instanceof Error ? error.message : String(error)
  console.error(JSON.stringify({ msg: 'chain unavailable', error: message }))
  throw Object.assign(new Error(message), { code: 'CHAIN_UNAVAILABLE' })
}
