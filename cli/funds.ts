/**
 * Funds: an escrow that can pay for the jobs of this run. On a devnet the client takes a gift from the
 * faucet and opens the escrow itself; elsewhere it needs funds, and locks what `--lock` says.
 */
import { formatCoins, unitsPerCoin } from '../core/base/amount.ts'
import { fromHex, toHex } from '../core/base/bytes.ts'
import { escrowIdOf, type TransactionBody, transactionHash } from '../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import type { Session } from './session.ts'
import { makeTransaction, sendTransaction, slotNow, waitFinal } from './transactions.ts'

/** An escrow that is final and ours. */
export type Funds = { readonly escrow: Uint8Array; readonly expirySlot: number }

/** Locked on a devnet when nothing else is said. */
const lockDefault = 50n * unitsPerCoin
/** Life of an escrow: about thirty days. */
export const escrowLifeSlots = 1_296_000

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
  await takeGift(session, address, say)
}

/** Asks the faucet of a devnet for all that it gives at a time, and waits for it. */
export async function takeGift(
  sender: Pick<Session, 'site' | 'chain' | 'signal' | 'genesis'>,
  address: Uint8Array,
  say: (line: string) => void,
): Promise<void> {
  const { chain, genesis } = sender
  const gift = genesis.parameters.faucetMax
  say(`asking the faucet for ${formatCoins(gift)} AITBC (devnet)`)
  const answer = (await chain.json({
    method: 'POST',
    target: '/rpc/admin/mintFaucet',
    body: { address: formatAddress(address), amount: String(gift) },
  })) as { readonly tx_hash?: unknown }
  const hash = fromHex(String(answer.tx_hash), 32)
  if (!hash.ok) throw new ClientFault(exitCodes.server, 'ANSWER_INVALID', 'no faucet transaction')
  await waitFinal(sender, hash.value, 'the gift')
}

/** Kept back for fees: far more than any fee of a devnet, far less than any gift. */
export const feeReserve = unitsPerCoin / 10n

/** Whether the chain has a faucet. */
export function hasFaucet({ genesis }: Pick<Session, 'genesis'>): boolean {
  return genesis.faucets.length > 0 && genesis.parameters.faucetMax > 0n
}

function lacking(session: Session, what: string): ClientFault {
  const message = `no funds are locked for ${session.options.api.host}: ${what}`
  return new ClientFault(exitCodes.conflict, 'ESCROW_REQUIRED', message)
}
