/**
 * Funds: an escrow that can pay for the jobs of this run. On a devnet the client takes a gift from the
 * faucet and opens the escrow itself; elsewhere it needs funds, and locks what `--lock` says.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { formatCoins, unitsPerCoin } from '../core/base/amount.ts'
import { fromHex, toHex } from '../core/base/bytes.ts'
import { sufficientFee } from '../core/chain/fees.ts'
import { slotMs } from '../core/chain/genesis.ts'
import { type Outcome, outcomeCodes } from '../core/chain/outcome.ts'
import {
  escrowIdOf,
  signTransaction,
  type TransactionBody,
  transactionHash,
} from '../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import type { Session } from './session.ts'

/** An escrow that is final and ours. */
export type Funds = { readonly escrow: Uint8Array; readonly expirySlot: number }

/** Locked on a devnet when nothing else is said, and life of an escrow: about thirty days. */
const lockDefault = 50n * unitsPerCoin
const escrowLifeSlots = 1_296_000
const transactionLifeSlots = 150
const finalityPatienceMs = 60_000
const pollMs = 250

/** Finds the remembered escrow, tops it up or opens one. `need`: base units that this run may reserve. */
export async function ensureFunds(session: Session, need: bigint): Promise<Funds> {
  const known = await rememberedEscrow(session)
  if (known === undefined) return await openEscrow(session, need)
  if (known.balance < need) await topUp(session, { escrow: known.id, lack: need - known.balance })
  return { escrow: known.id, expirySlot: known.expirySlot }
}

/** Adds what a site found missing, because other jobs hold it. */
export async function addFunds(session: Session, funds: Funds, lack: bigint): Promise<void> {
  await topUp(session, { escrow: funds.escrow, lack })
}

/** Slot by our clock. */
export function slotNow(session: Session): number {
  return Math.floor((Date.now() - Number(session.genesis.genesisTimeMs)) / slotMs)
}

async function rememberedEscrow(session: Session) {
  const { store, place, chain, info, say } = session
  const remembered = store.escrow(place)
  const id = remembered === undefined ? undefined : fromHex(remembered.escrow, 32)
  if (remembered === undefined || !id?.ok) return undefined
  let view = await chain.escrow(id.value)
  if (view === undefined) {
    // Sent by an earlier run that did not live to see it final.
    const opener = fromHex(remembered.opened_by, 32)
    const sent = opener.ok ? await chain.transaction(opener.value) : undefined
    if (sent !== undefined && opener.ok) {
      say('waiting for the escrow that was opened before')
      await waitFinal(session, opener.value, 'the escrow')
      view = await chain.escrow(id.value)
    }
  }
  const enough = slotNow(session) + info.authorisation_life_slots
  if (view !== undefined && view.closesAtSlot === undefined && view.expirySlot > enough) return view
  say('the remembered escrow is gone, closing or about to expire')
  await store.forget(place)
  return undefined
}

async function openEscrow(session: Session, need: bigint): Promise<Funds> {
  const { options, info, store, place, say } = session
  const floor = options.lock ?? lockDefault
  const amount = floor > need ? floor : need
  await requireBalance(session, amount)
  const expirySlot = slotNow(session) + escrowLifeSlots
  const message: TransactionBody['message'] = {
    TAG: 'escrow_open',
    data: {
      coordinator: info.coordinator,
      amount,
      expiry: BigInt(expirySlot),
      delegate: undefined,
    },
  }
  const bytes = await makeTransaction(session, message)
  const hash = transactionHash(bytes)
  const escrow = escrowIdOf(hash)
  // Before it is sent: an escrow that nobody remembers is money out of reach until it expires.
  await store.remember(place, { escrow: toHex(escrow), openedBy: toHex(hash) })
  say(`locking ${formatCoins(amount)} AITBC in an escrow for this site`)
  await sendTransaction(session, bytes)
  await waitFinal(session, hash, 'the escrow')
  return { escrow, expirySlot }
}

async function topUp(
  session: Session,
  wanted: { readonly escrow: Uint8Array; readonly lack: bigint },
): Promise<void> {
  const { options, say } = session
  const floor = options.lock ?? lockDefault
  const amount = floor > wanted.lack ? floor : wanted.lack
  await requireBalance(session, amount)
  const data = { escrow: wanted.escrow, amount, expiry: 0n }
  const bytes = await makeTransaction(session, { TAG: 'escrow_top_up', data })
  say(`adding ${formatCoins(amount)} AITBC to the escrow`)
  await sendTransaction(session, bytes)
  await waitFinal(session, transactionHash(bytes), 'the top-up')
}

/** Sees that the account can lock this much; on a devnet it asks the faucet, once. */
async function requireBalance(session: Session, amount: bigint): Promise<void> {
  const { chain, signer, genesis, options, say } = session
  const address = addressOf(signer.publicKey)
  const wanted = amount + feeReserve
  const { balance } = await chain.account(address)
  if (balance >= wanted) {
    if (hasFaucet(session) || options.lock !== undefined) return
    throw lacking(session, `to lock ${formatCoins(amount)} AITBC, call with --lock`)
  }
  if (!hasFaucet(session)) {
    const way = `send ${formatCoins(wanted - balance)} AITBC to ${formatAddress(address)}`
    throw lacking(session, `${way}, then call with --lock ${formatCoins(amount)}`)
  }
  const gift = genesis.parameters.faucetMax
  if (balance + gift < wanted) {
    const most = formatCoins(balance + gift - feeReserve)
    throw lacking(session, `the faucet gives too little at a time; --lock ${most} would do`)
  }
  say(`asking the faucet for ${formatCoins(gift)} AITBC (devnet)`)
  const answer = (await chain.json({
    method: 'POST',
    target: '/rpc/admin/mintFaucet',
    body: { address: formatAddress(address), amount: String(gift) },
  })) as { readonly tx_hash?: unknown }
  const hash = fromHex(String(answer.tx_hash), 32)
  if (!hash.ok) throw new ClientFault(exitCodes.server, 'ANSWER_INVALID', 'no faucet transaction')
  await waitFinal(session, hash.value, 'the gift')
}

/** Kept back for fees: far more than any fee of a devnet, far less than any gift. */
const feeReserve = unitsPerCoin / 10n

function hasFaucet({ genesis }: Session): boolean {
  return genesis.faucets.length > 0 && genesis.parameters.faucetMax > 0n
}

function lacking(session: Session, what: string): ClientFault {
  const message = `no funds are locked for ${session.options.api.host}: ${what}`
  return new ClientFault(exitCodes.conflict, 'ESCROW_REQUIRED', message)
}

async function makeTransaction(
  session: Session,
  message: TransactionBody['message'],
): Promise<Uint8Array> {
  const { chain, signer, genesis, genesisHash } = session
  const { nextNonce } = await chain.account(addressOf(signer.publicKey))
  const body: TransactionBody = {
    version: 1,
    sender: signer.publicKey,
    nonce: nextNonce,
    fee: 0n,
    validUntil: BigInt(slotNow(session) + transactionLifeSlots),
    message,
  }
  const fee = sufficientFee(genesis.parameters, body)
  return signTransaction(genesisHash, { ...body, fee }, signer)
}

async function sendTransaction(session: Session, bytes: Uint8Array): Promise<void> {
  const verdict = await session.chain.submit(bytes)
  if (verdict.ok) return
  const { code, message } = verdict.error
  throw new ClientFault(exitCodes.conflict, code, `the chain refused: ${message}`)
}

/** Waits until a transaction is final, at the site too, and has done what it asked. */
async function waitFinal(session: Session, hash: Uint8Array, what: string): Promise<void> {
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
