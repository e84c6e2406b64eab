/** Clients with a key pair of their own: funds, escrow, permissions and signed requests. */
import { randomBytes } from 'node:crypto'
import { signRequest } from '../../core/api/signed-request.ts'
import { unitsPerCoin } from '../../core/base/amount.ts'
import { fromHex, toHex, toHex0x, utf8ToBytes } from '../../core/base/bytes.ts'
import {
  type Authorisation,
  authorisationCoder,
  authorisationSigningBytes,
} from '../../core/chain/authorisation.ts'
import { sufficientFee } from '../../core/chain/fees.ts'
import { type Genesis, genesisHash, parseGenesis, slotMs } from '../../core/chain/genesis.ts'
import {
  escrowIdOf,
  type Message,
  signTransaction,
  type TransactionBody,
  transactionHash,
} from '../../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../../core/crypto/address.ts'
import { signerFromSeed } from '../../core/crypto/ed25519.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import { type JobSpec, jobHashOf, jobSpecCoder } from '../../core/jobs/job-spec.ts'
import { type ApiAnswer, type ApiSite, call, until } from './api-client.ts'

export type Payer = {
  readonly signer: Signer
  /** As text. */
  readonly address: string
  /** Id of an escrow that is final. */
  readonly escrow: Uint8Array
}

export const genesisOf = ({ vars }: ApiSite): Genesis => {
  const parsed = parseGenesis(JSON.parse(vars.GENESIS_JSON ?? ''))
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.value
}

export const hashOf = (site: ApiSite): Uint8Array => genesisHash(genesisOf(site))

export const slotNow = (site: ApiSite): number =>
  Math.floor((Date.now() - Number(genesisOf(site).genesisTimeMs)) / slotMs)

export const freshSigner = (): Signer => signerFromSeed(new Uint8Array(randomBytes(32)))

/** Public key of the coordinator of a site. */
export const coordinatorKey = ({ vars }: ApiSite): Uint8Array => {
  const seed = fromHex(vars.COORDINATOR_KEY ?? '', 32)
  if (!seed.ok) throw new Error('COORDINATOR_KEY is not a seed')
  return signerFromSeed(seed.value).publicKey
}

/** A new account with faucet funds, of which some are locked in an escrow; both are final. */
export async function openPayer(
  site: ApiSite,
  lock: { readonly amount?: bigint; readonly coordinator?: Uint8Array } = {},
): Promise<Payer> {
  const { amount = 50n * unitsPerCoin, coordinator = coordinatorKey(site) } = lock
  const signer = freshSigner()
  const address = formatAddress(addressOf(signer.publicKey))
  const gift = { address, amount: String(genesisOf(site).parameters.faucetMax) }
  const given = await call(site, '/rpc/admin/mintFaucet', { body: gift })
  await finalTransaction(site, String(given.json['tx_hash']))
  const expiry = BigInt(slotNow(site) + 100_000)
  const data = { coordinator, amount, expiry, delegate: undefined }
  const opened = await send(site, signer, { nonce: 0n, message: { TAG: 'escrow_open', data } })
  return { signer, address, escrow: escrowIdOf(opened) }
}

/** Signs a transaction, sends it and waits until it is final; returns its hash. */
export async function send(
  site: ApiSite,
  signer: Signer,
  { nonce, message }: { readonly nonce: bigint; readonly message: Message },
): Promise<Uint8Array> {
  const body: TransactionBody = {
    version: 1,
    sender: signer.publicKey,
    nonce,
    fee: 0n,
    validUntil: BigInt(slotNow(site) + 100),
    message,
  }
  const fee = sufficientFee(genesisOf(site).parameters, body)
  const bytes = signTransaction(hashOf(site), { ...body, fee }, signer)
  const sent = await call(site, '/rpc/transactions', { body: { tx: toHex(bytes) } })
  if (sent.status !== 200) throw new Error(`the transaction was refused: ${sent.text}`)
  const hash = transactionHash(bytes)
  await finalTransaction(site, toHex0x(hash))
  return hash
}

/** Waits until a transaction is final and was applied. */
export async function finalTransaction(site: ApiSite, hash: string): Promise<void> {
  const { json } = await until(
    () => call(site, `/rpc/tx/${hash}`),
    (answer) => answer.json['status'] === 'final',
  )
  if (json['outcome'] !== 'applied') throw new Error(`not applied: ${JSON.stringify(json)}`)
}

/** A question of a few tokens. */
export const specOf = (changes: Partial<JobSpec> = {}): JobSpec => ({
  version: 1,
  model: 'aitbc-tiny',
  messages: [{ role: 'user', content: 'What is the capital of France?' }],
  maxTokens: 64,
  temperatureMilli: 0,
  topPMilli: 1_000,
  seed: 7n,
  stop: [],
  extra: '',
  ...changes,
})

export type Permit = {
  readonly authorisation: Authorisation
  /** Fields of a submission. */
  readonly body: Readonly<Record<string, unknown>>
}

let numbers = 0n

/** A job with a permission to pay for it, all in order but for what `changes` says. */
export function permit(
  site: ApiSite,
  payer: Payer,
  changes: {
    readonly spec?: JobSpec
    readonly authorisation?: Partial<Authorisation>
    /** Whose chain the signature covers. */
    readonly genesisHash?: Uint8Array
    readonly signer?: Signer
    readonly ttlSeconds?: number
  } = {},
): Permit {
  const { spec = specOf(), signer = payer.signer, ttlSeconds = 120 } = changes
  numbers += 1n
  const authorisation: Authorisation = {
    escrow: payer.escrow,
    number: numbers,
    limit: unitsPerCoin,
    settleBy: BigInt(slotNow(site) + 300),
    jobHash: jobHashOf(spec),
    signer: payer.signer.publicKey,
    ...changes.authorisation,
  }
  const message = authorisationSigningBytes(changes.genesisHash ?? hashOf(site), authorisation)
  return {
    authorisation,
    body: {
      spec: toHex(jobSpecCoder.encode(spec)),
      ttl_seconds: ttlSeconds,
      authorisation: toHex(authorisationCoder.encode(authorisation)),
      authorisation_signature: toHex(signer.sign(message)),
    },
  }
}

export type SignedCall = {
  readonly method?: string
  readonly body?: unknown
  /** What is signed in the place of what is sent. */
  readonly signed?: {
    readonly method?: string
    readonly target?: string
    readonly body?: string
    readonly timestampMs?: number
    readonly genesisHash?: Uint8Array
  }
  readonly headers?: Record<string, string>
}

/** A request that a key pair signs. */
export function signedCall(
  site: ApiSite,
  signer: Signer,
  path: string,
  given: SignedCall = {},
): Promise<ApiAnswer> {
  const text = given.body === undefined ? undefined : JSON.stringify(given.body)
  const method = given.method ?? (text === undefined ? 'GET' : 'POST')
  const { signed = {} } = given
  const headers = signRequest(signed.genesisHash ?? hashOf(site), signer, {
    host: new URL(site.url).host,
    method: signed.method ?? method,
    target: signed.target ?? path,
    body: utf8ToBytes(signed.body ?? text ?? ''),
    timestampMs: signed.timestampMs ?? Date.now(),
  })
  return call(site, path, { method, body: text, headers: { ...headers, ...given.headers } })
}
