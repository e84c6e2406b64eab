/** The site through which the wallet sees its chain: four questions, each held against the pinned genesis. */
import { parseUnits } from '../../../core/base/amount.ts'
import { fromHex, toHex } from '../../../core/base/bytes.ts'
import { err, ok, type Result } from '../../../core/base/result.ts'
import { genesisHash, parseGenesis } from '../../../core/chain/genesis.ts'
import { getJson } from '../../shared/live/request.ts'
import {
  anything,
  integer,
  maybe,
  object,
  refuse,
  type Shape,
  text,
} from '../../shared/live/shape.ts'
import { isPermittedOrigin } from './permissions.ts'

/** The network that the wallet is of. `genesis`: JSON as the site gave it; its hash is what is trusted. */
export type Network = {
  readonly site: string
  readonly chainId: string
  /** 32 bytes, hex. */
  readonly genesisHash: string
  readonly genesis: unknown
}

/** Why the chain cannot be asked; the message is for people. `WRONG_CHAIN`: the site changed its genesis. */
export type NodeError = {
  readonly code: 'UNREACHABLE' | 'WRONG_CHAIN' | 'REFUSED' | 'UNKNOWN'
  readonly message: string
}

/** Amounts in base units as decimal strings. */
export type AccountFigures = { readonly balance: string; readonly nextNonce: string }

/** Where a sent transaction stands. */
export type Standing = {
  readonly status: 'pending' | 'included' | 'final' | 'unknown'
  readonly outcome?: string
  readonly height?: number
}

const units: Shape<string> = (value, at) => {
  const parsed = parseUnits(value)
  return parsed.ok ? parsed.value.toString() : refuse(at)
}
const statusShape = object({ genesis_hash: text, slot: integer(-1) })
const accountShape = object({ balance: units, next_nonce: units })
const standingShape = object({
  status: text,
  outcome: maybe(text),
  block_height: maybe(integer(0)),
})

/** Meets a network for the first time: its name and the hash of its genesis, for a person to compare. */
export async function meetNetwork(address: string): Promise<Result<Network, NodeError>> {
  const site = originOf(address)
  if (site === undefined) {
    return failure('REFUSED', 'Type an https address, or http on this machine, without a path.')
  }
  const answer = await getJson(`${site}/rpc/genesis`, anything)
  if (!answer.ok) return failure('UNREACHABLE', answer.error.message)
  const genesis = parseGenesis(answer.value.raw)
  if (!genesis.ok) return failure('REFUSED', `This is no site of AITBC: ${genesis.error.message}.`)
  const hash = toHex(genesisHash(genesis.value))
  return ok({
    site,
    chainId: genesis.value.chainId,
    genesisHash: hash,
    genesis: answer.value.raw,
  })
}

/** The slot that the site is in; refused when the site is of another chain than the pinned one. */
export async function currentSlot(network: Network): Promise<Result<number, NodeError>> {
  const answer = await getJson(`${network.site}/rpc/status`, statusShape)
  if (!answer.ok) return failure('UNREACHABLE', answer.error.message)
  const told = fromHex(answer.value.value.genesis_hash, 32)
  if (!told.ok || toHex(told.value) !== network.genesisHash) {
    return failure(
      'WRONG_CHAIN',
      'The site is of another chain than when this wallet first met it. Nothing is signed for it.',
    )
  }
  return ok(answer.value.value.slot)
}

export async function accountFigures(
  network: Network,
  address: string,
): Promise<Result<AccountFigures, NodeError>> {
  const answer = await getJson(`${network.site}/rpc/getBalance/${address}`, accountShape)
  if (!answer.ok) return failure('UNREACHABLE', answer.error.message)
  const { balance, next_nonce: nextNonce } = answer.value.value
  return ok({ balance, nextNonce })
}

/** Sends signed bytes. The chain takes the same bytes once, however often they are sent. */
export async function submit(network: Network, bytes: string): Promise<Result<string, NodeError>> {
  try {
    const response = await fetch(`${network.site}/rpc/transactions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ tx: bytes }),
      signal: AbortSignal.timeout(submitMsMax),
      credentials: 'omit',
    })
    const json = (await response.json()) as {
      tx_hash?: unknown
      error?: { message?: unknown }
    }
    if (response.ok && typeof json.tx_hash === 'string') return ok(json.tx_hash)
    // Below 500 it was looked at and refused; else nobody knows.
    const code = response.status < 500 && response.status !== 429 ? 'REFUSED' : 'UNREACHABLE'
    const { message } = json.error ?? {}
    return failure(code, typeof message === 'string' ? message : `Answer ${response.status}.`)
  } catch {
    return failure('UNREACHABLE', 'The site did not answer.')
  }
}

export async function standingOf(network: Network, hash: string): Promise<Standing> {
  const answer = await getJson(`${network.site}/rpc/tx/${hash}`, standingShape)
  if (!answer.ok) return { status: 'unknown' }
  const { status, outcome, block_height: height } = answer.value.value
  const isKnown = status === 'pending' || status === 'included' || status === 'final'
  return {
    status: isKnown ? status : 'unknown',
    ...(outcome !== undefined && { outcome }),
    ...(height !== undefined && { height }),
  }
}

const submitMsMax = 15_000

function originOf(address: string): string | undefined {
  const url = URL.canParse(address.trim()) ? new URL(address.trim()) : undefined
  if (!url || (url.pathname !== '/' && url.pathname !== '') || url.search || url.username) {
    return undefined
  }
  return isPermittedOrigin(url.origin) ? url.origin : undefined
}

const failure = (code: NodeError['code'], message: string): Result<never, NodeError> =>
  err({ code, message })
