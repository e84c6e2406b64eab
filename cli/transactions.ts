/** Transactions of one account: made, sent, and watched until they are final. */
import { setTimeout as pause } from 'node:timers/promises'
import { sufficientFee } from '../core/chain/fees.ts'
import { slotMs } from '../core/chain/genesis.ts'
import { type Outcome, outcomeCodes } from '../core/chain/outcome.ts'
import { signTransaction, type TransactionBody } from '../core/chain/transaction.ts'
import { addressOf } from '../core/crypto/address.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import type { Session } from './session.ts'

/** What it takes to send: sites, chain and signer of a run. */
export type Sender = Pick<
  Session,
  'site' | 'chain' | 'genesis' | 'genesisHash' | 'signer' | 'signal'
>

const transactionLifeSlots = 150
const finalityPatienceMs = 60_000
const pollMs = 250

/** Slot by our clock. */
export function slotNow({ genesis }: Pick<Session, 'genesis'>): number {
  return Math.floor((Date.now() - Number(genesis.genesisTimeMs)) / slotMs)
}

/** A body with the next nonce and a fee that is enough, or the one that is asked for. */
export async function makeBody(
  sender: Sender,
  message: TransactionBody['message'],
  fee?: bigint,
): Promise<TransactionBody> {
  const { chain, signer, genesis } = sender
  const { nextNonce } = await chain.account(addressOf(signer.publicKey))
  const body: TransactionBody = {
    version: 1,
    sender: signer.publicKey,
    nonce: nextNonce,
    fee: 0n,
    validUntil: BigInt(slotNow(sender) + transactionLifeSlots),
    message,
  }
  return { ...body, fee: fee ?? sufficientFee(genesis.parameters, body) }
}

/** The same, signed. */
export async function makeTransaction(
  sender: Sender,
  message: TransactionBody['message'],
): Promise<Uint8Array> {
  return signTransaction(sender.genesisHash, await makeBody(sender, message), sender.signer)
}

/** Hands a transaction to the chain; throws what it says against it. */
export async function sendTransaction(
  session: Pick<Sender, 'chain'>,
  bytes: Uint8Array,
): Promise<void> {
  const verdict = await session.chain.submit(bytes)
  if (verdict.ok) return
  const { code, message } = verdict.error
  throw new ClientFault(exitCodes.conflict, code, `the chain refused: ${message}`)
}

/** Waits until a transaction is final, at the site too, and has done what it asked. */
export async function waitFinal(
  session: Pick<Sender, 'site' | 'chain' | 'signal'>,
  hash: Uint8Array,
  what: string,
): Promise<void> {
  const untilMs = Date.now() + finalityPatienceMs
  while (Date.now() < untilMs) {
    const view = await session.chain.transaction(hash)
    if (view?.final === true && view.outcome !== undefined) {
      requireApplied(view.outcome, what)
      if (session.chain === session.site) return
      if ((await session.site.transaction(hash))?.final === true) return
    }
    await pause(pollMs, undefined, { signal: session.signal }).catch(() => {
      throw new ClientFault(exitCodes.interrupt, 'INTERRUPTED', 'interrupted')
    })
  }
  const message = `${what} was not final within ${finalityPatienceMs / 1_000} s`
  throw new ClientFault(exitCodes.timeout, 'NOT_FINAL', message)
}

function requireApplied(outcome: Outcome, what: string): void {
  if (outcome.code === outcomeCodes.applied) return
  const names = Object.entries(outcomeCodes)
  const name = names.find(([, code]) => code === outcome.code)?.[0] ?? String(outcome.code)
  const message = `${what} is on the chain, but did nothing: ${name}`
  throw new ClientFault(exitCodes.conflict, name.toUpperCase(), message)
}
