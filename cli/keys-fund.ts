/**
 * `client keys fund`: the wallet locks money for one key. A new escrow is linked before its transaction is
 * sent, so that a run that ends in between leaves no money that the key does not know of; asked again, it
 * waits for what is under way instead of locking anew.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { ApiClient } from '../core/api/client.ts'
import type { AccountKeyView } from '../core/api/schemas/account-keys.ts'
import { formatCoins } from '../core/base/amount.ts'
import { fromHex, toHex0x } from '../core/base/bytes.ts'
import type { Message } from '../core/chain/transaction.ts'
import { addressOf } from '../core/crypto/address.ts'
import type { Signer } from '../core/crypto/signature.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import { escrowLifeSlots, feeReserve, hasFaucet, takeGift } from './funds.ts'
import type { Given } from './group-options.ts'
import { takenOf } from './site-client.ts'
import { slotNow } from './transactions.ts'
import { type CheckedSender, carryOut, meetChain } from './wallet-chain.ts'
import type { WalletRun } from './wallet-run.ts'

type Open = { readonly call: ApiClient; readonly signer: Signer }
type Wanted = { readonly keyId: string; readonly given: Given }

const patienceMs = 60_000
const pollMs = 500

/** Funds a key; answers how it stands afterwards. */
export async function fundKey(
  run: WalletRun,
  { call, signer }: Open,
  { keyId, given }: Wanted,
): Promise<AccountKeyView> {
  const key = takenOf(await call('getKey', { params: { id: keyId } }))
  const { funding } = key
  if (key.state === 'revoked' || key.state === 'expired') {
    const message = `${keyId} is ${key.state}: money that is locked for it would help nobody`
    throw new ClientFault(exitCodes.conflict, `KEY_${key.state.toUpperCase()}`, message)
  }
  if (funding === null || funding.by === 'faucet') {
    const message = `${keyId} takes no escrow: ${funding ? 'the faucet funds it' : 'it spends nothing'}`
    throw new ClientFault(exitCodes.conflict, 'KEY_NOT_FUNDABLE', message)
  }
  if (key.state === 'pending' && given['escrow'] === undefined) {
    run.say('an escrow is on its way already: waiting for it, and locking nothing')
    return await untilUsable(run, call, keyId)
  }
  const sender: CheckedSender = { ...(await meetChain(run)), signer, signal: run.signal }
  const job = { run, call, sender, given, keyId, delegate: bytesOf(funding.delegate) }
  const own = given['escrow'] === undefined ? undefined : bytesOf(String(given['escrow']))
  const known = funding.escrow === null ? undefined : bytesOf(funding.escrow)
  if (own !== undefined) await grantFrom(job, own, { left: 0n })
  else if (known !== undefined && funding.escrow_balance !== null && funding.fault === null) {
    await topUp(job, known, BigInt(funding.delegate_budget ?? '0'))
  } else await openFor(job, bytesOf(funding.coordinator))
  return await untilUsable(run, call, keyId)
}

type Job = {
  readonly run: WalletRun
  readonly call: ApiClient
  readonly sender: CheckedSender
  readonly given: Given
  readonly keyId: string
  readonly delegate: Uint8Array
}

async function openFor(job: Job, coordinator: Uint8Array): Promise<void> {
  const { call, sender, keyId, delegate } = job
  const amount = amountOf(job)
  await requireBalance(job, amount)
  const expiry = BigInt(slotNow(sender) + escrowLifeSlots)
  await send(job, {
    message: {
      TAG: 'escrow_open',
      data: { coordinator, amount, expiry, delegate: { delegate, budget: amount, expiry } },
    },
    what: 'the escrow',
    before: async (hash) => {
      const body = { tx_hash: toHex0x(hash) }
      takenOf(await call('fundKey', { params: { id: keyId }, body }))
    },
  })
}

async function topUp(job: Job, escrow: Uint8Array, left: bigint): Promise<void> {
  const amount = amountOf(job)
  await requireBalance(job, amount)
  const data = { escrow, amount, expiry: 0n }
  await send(job, { message: { TAG: 'escrow_top_up', data }, what: 'the top-up' })
  await grantFrom(job, escrow, { left })
}

/** Lets the key spend `--amount` more out of an escrow, and names the escrow to the site. */
async function grantFrom(
  job: Job,
  escrow: Uint8Array,
  { left }: { readonly left: bigint },
): Promise<void> {
  const { call, sender, keyId, delegate } = job
  const found = await sender.chain.escrow(escrow)
  if (found === undefined) {
    const message = `no final escrow has the id ${toHex0x(escrow)}`
    throw new ClientFault(exitCodes.notFound, 'ESCROW_NOT_FOUND', message)
  }
  const terms = { delegate, budget: left + amountOf(job), expiry: BigInt(found.expirySlot) }
  await send(job, {
    message: { TAG: 'delegate_grant', data: { escrow, terms } },
    what: 'the grant',
  })
  takenOf(await call('fundKey', { params: { id: keyId }, body: { escrow: toHex0x(escrow) } }))
}

async function send(
  { run, sender, given }: Job,
  wish: {
    readonly message: Message
    readonly what: string
    readonly before?: (hash: Uint8Array) => Promise<void>
  },
): Promise<void> {
  const fee = typeof given['fee'] === 'bigint' ? given['fee'] : undefined
  const { height } = await carryOut(run, sender, { ...wish, fee, yes: given['yes'] === true })
  run.say(`${wish.what} is final in block ${height}, proved`)
}

/** On a devnet the faucet gives what is missing. */
async function requireBalance({ run, sender }: Job, amount: bigint): Promise<void> {
  const address = addressOf(sender.signer.publicKey)
  const { balance } = await sender.chain.account(address)
  const gift = sender.genesis.parameters.faucetMax
  if (balance >= amount + feeReserve || !hasFaucet(sender)) return
  if (balance + gift < amount + feeReserve) {
    const message = `the account has ${formatCoins(balance)} AITBC, and the faucet gives ${formatCoins(gift)} at a time`
    throw new ClientFault(exitCodes.conflict, 'BALANCE_TOO_LOW', message)
  }
  await takeGift(sender, address, run.say)
}

/** Waits until the site has seen the escrow. */
async function untilUsable(
  run: WalletRun,
  call: ApiClient,
  keyId: string,
): Promise<AccountKeyView> {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pollMs) {
    const key = takenOf(await call('getKey', { params: { id: keyId } }))
    if (key.state !== 'pending') return key
    await pause(pollMs, undefined, { signal: run.signal })
  }
  const message = `the site has not linked the escrow yet: client keys show ${keyId} says how it stands`
  throw new ClientFault(exitCodes.timeout, 'NOT_FINAL', message)
}

const amountOf = ({ given }: Job): bigint => BigInt(given['amount'] ?? 0n)

function bytesOf(text: string): Uint8Array {
  const bytes = fromHex(text.replace(/^0x/, ''), 32)
  if (bytes.ok) return bytes.value
  const message = `${JSON.stringify(text)} is no id: 64 hex digits are`
  throw new ClientFault(exitCodes.usage, 'USAGE', message)
}
