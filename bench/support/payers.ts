/**
 * Payers: key pairs with faucet funds locked in escrows of their own, final on the chain before anything
 * is measured. Several, because one escrow holds a bounded number of unsettled jobs.
 */
import { randomBytes } from 'node:crypto'
import type { StatusView } from '../../core/api/chain-service.ts'
import { readStatus } from '../../core/api/rpc-read.ts'
import { unitsPerCoin } from '../../core/base/amount.ts'
import { toHex, toHex0x } from '../../core/base/bytes.ts'
import { sufficientFee } from '../../core/chain/fees.ts'
import {
  escrowIdOf,
  signTransaction,
  type TransactionBody,
  transactionHash,
} from '../../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../../core/crypto/address.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import { nativeSigner } from '../../durable-objects/coordinator/native-signer.ts'
import { type HttpClient, jsonOf } from './http-client.ts'

export type Payer = {
  readonly signer: Signer
  readonly escrow: Uint8Array
  /** Number of the next authorisation. */
  nextNumber: bigint
}

/** What each payer asks of the faucet, and how much of it is locked; the rest pays fees. */
const gift = 100n * unitsPerCoin
const locked = 90n * unitsPerCoin

/** Slots that an escrow lives: longer than any benchmark. */
const escrowSlots = 100_000n

const pollMs = 250
const waitMsMax = 60_000

/** The chain as the site tells it. */
export async function readChain(http: HttpClient): Promise<StatusView> {
  const status = readStatus(jsonOf(await http.get('/rpc/status')))
  if (!status.ok) throw new Error(status.error.message)
  return status.value
}

/** Makes payers whose escrows are final. */
export async function makePayers(http: HttpClient, count: number): Promise<Payer[]> {
  const chain = await readChain(http)
  const coordinator = await coordinatorOf(http)
  const signers = Array.from({ length: count }, () => nativeSigner(new Uint8Array(randomBytes(32))))
  for (const { publicKey } of signers) {
    const body = { address: formatAddress(addressOf(publicKey)), amount: gift.toString() }
    jsonOf(await http.post('/rpc/admin/mintFaucet', JSON.stringify(body)))
  }
  for (const { publicKey } of signers) {
    const path = `/rpc/getBalance/${formatAddress(addressOf(publicKey))}`
    await until(async () => jsonOf(await http.get(path))['final_balance'] === gift.toString())
  }
  const opened = signers.map((signer) => openEscrow(chain, coordinator, signer))
  const txs = opened.map(({ bytes }) => toHex(bytes))
  for (let at = 0; at < txs.length; at += 50) {
    const batch = JSON.stringify({ txs: txs.slice(at, at + 50) })
    const { verdicts } = jsonOf(await http.post('/rpc/transactions', batch))
    const refused = (verdicts as { ok: boolean }[]).find(({ ok }) => !ok)
    if (refused) throw new Error(`an escrow was refused: ${JSON.stringify(refused)}`)
  }
  for (const { payer } of opened) {
    const path = `/rpc/escrow/${toHex0x(payer.escrow)}`
    await until(async () => (await http.get(path)).status === 200)
  }
  return opened.map(({ payer }) => payer)
}

/** Waits for something that the site will say soon. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + waitMsMax
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error('the site did not come to what was waited for')
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}

async function coordinatorOf(http: HttpClient): Promise<Uint8Array> {
  const { coordinator } = jsonOf(await http.get('/api/v1/site'))
  return new Uint8Array(Buffer.from(String(coordinator), 'hex'))
}

function openEscrow(
  chain: StatusView,
  coordinator: Uint8Array,
  signer: Signer,
): { readonly payer: Payer; readonly bytes: Uint8Array } {
  const slot = BigInt(Math.max(0, chain.currentSlot))
  const body: TransactionBody = {
    version: 1,
    sender: signer.publicKey,
    nonce: 0n,
    fee: 0n,
    validUntil: slot + 600n,
    message: {
      TAG: 'escrow_open',
      data: { coordinator, amount: locked, expiry: slot + escrowSlots, delegate: undefined },
    },
  }
  const fee = sufficientFee(chain.parameters, body)
  const bytes = signTransaction(chain.genesisHash, { ...body, fee }, signer)
  return { payer: { signer, escrow: escrowIdOf(transactionHash(bytes)), nextNumber: 1n }, bytes }
}
