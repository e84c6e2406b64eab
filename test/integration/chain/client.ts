/** What the chain's integration tests share: signing transfers and talking to `/rpc`. */
import { fromHex, toHex } from '../../../core/base/bytes.ts'
import { sufficientFee } from '../../../core/chain/fees.ts'
import { type Genesis, genesisHash, parseGenesis } from '../../../core/chain/genesis.ts'
import {
  type Message,
  signTransaction,
  type TransactionBody,
} from '../../../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'
import type { Signer } from '../../../core/crypto/signature.ts'

export type Wallet = {
  readonly signer: Signer
  readonly address: Uint8Array
  readonly text: string
}

/** As much of a site as the tests talk to. */
export type Talker = {
  readonly url: string
  readonly vars: Readonly<Record<string, string>>
}

export type Answer<T> = { readonly status: number; readonly json: T; readonly headers: Headers }

/** The chain object, as the harness names objects. */
export const chainObject = { className: 'ChainNode', name: 'chain' } as const

/** A wallet of a seed that is one number. */
export const walletOf = (number: number): Wallet => {
  const seed = new Uint8Array(32)
  new DataView(seed.buffer).setUint32(0, number)
  return wallet(seed)
}

/** The one account that a test genesis gives money to and whose key the test has. */
export function richWallet({ vars }: Talker): Wallet {
  const seed = fromHex(vars.COORDINATOR_KEY ?? '', 32)
  if (!seed.ok) throw new Error('COORDINATOR_KEY is not a seed')
  return wallet(seed.value)
}

export function genesisOf({ vars }: Talker): Genesis {
  const parsed = parseGenesis(JSON.parse(vars.GENESIS_JSON ?? ''))
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.value
}

/** Signs a message with a fee that is enough. */
export function sign(
  talker: Talker,
  from: Wallet,
  input: { message: Message; nonce: number; validUntil?: number; fee?: bigint },
): Uint8Array {
  const genesis = genesisOf(talker)
  const body: TransactionBody = {
    version: 1,
    sender: from.signer.publicKey,
    nonce: BigInt(input.nonce),
    fee: input.fee ?? 0n,
    validUntil: BigInt(input.validUntil ?? currentSlot(genesis) + 1_000),
    message: input.message,
  }
  const fee = input.fee ?? sufficientFee(genesis.parameters, body)
  return signTransaction(genesisHash(genesis), { ...body, fee }, from.signer)
}

/** Signs a transfer. */
export const signTransfer = (
  talker: Talker,
  from: Wallet,
  input: { to: Wallet; amount: bigint; nonce: number },
): Uint8Array => {
  const data = { to: input.to.address, amount: input.amount }
  return sign(talker, from, { message: { TAG: 'transfer', data }, nonce: input.nonce })
}

export const currentSlot = (genesis: Genesis): number =>
  Math.floor((Date.now() - Number(genesis.genesisTimeMs)) / 2_000)

/** GET below `/rpc`. */
export async function get<T = Record<string, unknown>>(
  { url }: Talker,
  path: string,
): Promise<Answer<T>> {
  const response = await fetch(`${url}/rpc/${path}`)
  return answerOf<T>(response)
}

/** POST of JSON below `/rpc`. */
export async function post<T = Record<string, unknown>>(
  { url }: Talker,
  path: string,
  body: unknown,
): Promise<Answer<T>> {
  const response = await fetch(`${url}/rpc/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return answerOf<T>(response)
}

export type Verdicts = {
  verdicts: { ok: boolean; tx_hash: string; known?: boolean; error?: { code: string } }[]
}

/** Submits signed bytes as a batch. */
export const submit = async (talker: Talker, txs: readonly Uint8Array[]) =>
  (await post<Verdicts>(talker, 'transactions', { txs: txs.map(toHex) })).json.verdicts

export type Status = {
  head_height: number
  final_height: number
  indexed_height: number
  mempool_size: number
  slot: number
  fault: string | null
  supply: { genesis: string; minted: string; burned: string; held: string }
}

export const status = async (talker: Talker): Promise<Status> =>
  (await get<Status>(talker, 'status')).json

/** Asks again and again until the answer satisfies; the test's own time limit ends it otherwise. */
export async function until<T>(
  ask: () => Promise<T>,
  satisfied: (value: T) => boolean,
): Promise<T> {
  for (;;) {
    const value = await ask()
    if (satisfied(value)) return value
    await pause(100)
  }
}

export const pause = (ms: number): Promise<void> => new Promise((go) => setTimeout(go, ms))

/** Waits until a transaction is final, and returns it. */
export async function finalTransaction(talker: Talker, hash: string) {
  const { json } = await until(
    () => get<{ status?: string; block_height: number; outcome: string }>(talker, `tx/${hash}`),
    (answer) => answer.json.status === 'final',
  )
  return json
}

function wallet(seed: Uint8Array): Wallet {
  const signer = signerFromSeed(seed)
  const address = addressOf(signer.publicKey)
  return { signer, address, text: formatAddress(address) }
}

async function answerOf<T>(response: Response): Promise<Answer<T>> {
  const { status: code, headers } = response
  return { status: code, headers, json: (await response.json()) as T }
}
