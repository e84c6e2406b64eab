/**
 * Entries of the state: their keys in the tree and their canonical values (SPEC.md, STATE rules).
 *
 * A key begins with the kind of entry. The rest is hashed wherever somebody else chooses the name, so
 * that nobody can lengthen another's path; spent authorisations are ordered by their settle-by slot, so
 * that those which have passed are found without an index, and delegates stand together by escrow.
 */
import * as P from 'micro-packed'
import { bytes20, bytes32, u16, u64 } from '../base/coders.ts'
import { assert } from '../base/result.ts'
import { taggedHash } from '../crypto/hash.ts'

/** `balance`: base units; `nonce`: count of the account's transactions so far. */
export type Account = { readonly balance: bigint; readonly nonce: bigint }

/**
 * Funds locked for one coordinator. `owner`: 20-byte address; `coordinator`: public key; `balance`: base
 * units left; `expiry`: slot from which anyone may close; `closesAt`: slot at which a close takes effect,
 * 0 while none was asked for; `delegates`: how many delegate entries stand beside it.
 */
export const escrowCoder = P.struct({
  owner: bytes20,
  coordinator: bytes32,
  balance: u64,
  expiry: u64,
  closesAt: u64,
  delegates: u16,
})
export type Escrow = P.UnwrapCoder<typeof escrowCoder>

/**
 * A key that may authorise jobs. `budget`: base units that it may still spend; `expiry`: slot from which
 * it is worth nothing; `revokedAt`: slot at which a revocation takes effect, 0 while there is none.
 */
export const delegateCoder = P.struct({
  escrow: bytes32,
  delegate: bytes32,
  budget: u64,
  expiry: u64,
  revokedAt: u64,
})
export type Delegate = P.UnwrapCoder<typeof delegateCoder>

/** Names an authorisation that has been settled; leaves the state once `settleBy` has passed. */
export const spentCoder = P.struct({ escrow: bytes32, number: u64, settleBy: u64 })
export type Spent = P.UnwrapCoder<typeof spentCoder>

/**
 * Time of a machine, paid for in advance. `buyer`, `provider`: 20-byte addresses; `coordinator`: public key
 * of who gets the coordinator's share; `offer`: hash of what was offered; from slot `start` to slot `end`
 * (excluded) at `price` base units a slot. It holds `price × (end − start)`.
 */
export const bookingCoder = P.struct({
  buyer: bytes20,
  provider: bytes20,
  coordinator: bytes32,
  offer: bytes32,
  start: u64,
  end: u64,
  price: u64,
})
export type Booking = P.UnwrapCoder<typeof bookingCoder>

/** Base units that a booking holds. */
export const bookingFunds = ({ start, end, price }: Booking): bigint => price * (end - start)

/**
 * A miner's stake. `owner`: 20-byte address of its key; `amount`: base units; `since`: slot in which it
 * began; `leavesAt`: slot from which it can be paid out, 0 while that was not asked for; `slashedAt`: slot
 * in which it was burned, 0 while it was not. One that was burned stays, empty: its key bonds no more.
 */
export const bondCoder = P.struct({
  owner: bytes20,
  amount: u64,
  since: u64,
  leavesAt: u64,
  slashedAt: u64,
})
export type Bond = P.UnwrapCoder<typeof bondCoder>

/**
 * What a miner may still claim for a settled job: at most what its settlement burned. `authorisation`: hash
 * of the one that was settled; `receipt`: hash of the receipt; `miner`: 20-byte address; `amount`: base
 * units; `expiry`: last slot in which a claim counts. It holds no money: a claim mints it.
 */
export const claimableCoder = P.struct({
  authorisation: bytes32,
  receipt: bytes32,
  miner: bytes20,
  amount: u64,
  expiry: u64,
})
export type Claimable = P.UnwrapCoder<typeof claimableCoder>

/** Base units made and destroyed since genesis. */
export const supplyCoder = P.struct({ minted: u64, burned: u64 })
export type Supply = P.UnwrapCoder<typeof supplyCoder>

/** First byte of a key. Never reused. */
export const entryKinds = {
  account: 1,
  escrow: 2,
  delegate: 3,
  spent: 4,
  parameters: 5,
  authorities: 6,
  booking: 7,
  bond: 8,
  claimable: 9,
  supply: 10,
} as const

/** Key of the account of a 20-byte address. */
export const accountKey = (address: Uint8Array): Uint8Array =>
  keyOf(entryKinds.account, taggedHash('aitbc/account-key/1', address).subarray(0, 31))

/** Key of an escrow: its id is a hash already. */
export const escrowKey = (id: Uint8Array): Uint8Array =>
  keyOf(entryKinds.escrow, id.subarray(0, 31))

/** Key of a delegate: beside the other delegates of its escrow. */
export const delegateKey = (escrow: Uint8Array, delegate: Uint8Array): Uint8Array =>
  keyOf(
    entryKinds.delegate,
    escrow.subarray(0, 15),
    taggedHash('aitbc/delegate-key/1', escrow, delegate).subarray(0, 16),
  )

/** Key of a spent authorisation: ordered by settle-by slot. */
export function spentKey({ escrow, number, settleBy }: Spent): Uint8Array {
  const name = taggedHash('aitbc/spent-key/1', escrow, u64.encode(number))
  return keyOf(entryKinds.spent, u64.encode(settleBy), name.subarray(0, 23))
}

/** Key of a booking: its id is a hash already. */
export const bookingKey = (id: Uint8Array): Uint8Array =>
  keyOf(entryKinds.booking, id.subarray(0, 31))

/** Key of the bond of a 20-byte address. */
export const bondKey = (owner: Uint8Array): Uint8Array =>
  keyOf(entryKinds.bond, taggedHash('aitbc/bond-key/1', owner).subarray(0, 31))

/** Names a claim: the hash of a settled authorisation, and the last slot in which it counts. */
export type ClaimName = Pick<Claimable, 'authorisation' | 'expiry'>

/** Key of what may be claimed: ordered by the slot in which it lapses. */
export function claimableKey({ authorisation, expiry }: ClaimName): Uint8Array {
  const name = taggedHash('aitbc/claim-key/1', authorisation)
  return keyOf(entryKinds.claimable, u64.encode(expiry), name.subarray(0, 23))
}

/** Key of the counts of what was minted and burned. */
export const supplyKey: Uint8Array = keyOf(entryKinds.supply, new Uint8Array(31))

/** Key of the parameters. */
export const parametersKey: Uint8Array = keyOf(entryKinds.parameters, new Uint8Array(31))

/** Key of the authorities. */
export const authoritiesKey: Uint8Array = keyOf(entryKinds.authorities, new Uint8Array(31))

/** Range of keys that holds all delegates of an escrow. */
export function delegateRange(escrow: Uint8Array): { from: Uint8Array; to: Uint8Array } {
  const head = escrow.subarray(0, 15)
  return {
    from: keyOf(entryKinds.delegate, head, new Uint8Array(16)),
    to: keyOf(entryKinds.delegate, head, new Uint8Array(16).fill(0xff)),
  }
}

/** Range of keys that holds all spent authorisations with a settle-by before `slot`. */
export const expiredRange = (slot: bigint): { from: Uint8Array; to: Uint8Array } =>
  rangeBefore(entryKinds.spent, slot)

/** Range of keys that holds everything whose last slot to be claimed is before `slot`. */
export const lapsedRange = (slot: bigint): { from: Uint8Array; to: Uint8Array } =>
  rangeBefore(entryKinds.claimable, slot)

const rangeBefore = (kind: number, slot: bigint): { from: Uint8Array; to: Uint8Array } => ({
  from: keyOf(kind, new Uint8Array(31)),
  to: keyOf(kind, u64.encode(slot), new Uint8Array(23)),
})

/** Canonical value of an account: balance and nonce, eight bytes each. Hot, hence by hand. */
export function encodeAccount({ balance, nonce }: Account): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, balance)
  view.setBigUint64(8, nonce)
  return bytes
}

/** Reads an account value; undefined unless it is 16 bytes. */
export function decodeAccount(bytes: Uint8Array): Account | undefined {
  if (bytes.length !== 16) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return { balance: view.getBigUint64(0), nonce: view.getBigUint64(8) }
}

/** Base units in any entry; throws where one that holds money cannot be read. */
export function fundsOfEntry({
  key,
  value,
}: {
  readonly key: Uint8Array
  readonly value: Uint8Array
}): bigint {
  switch (key[0]) {
    case entryKinds.account: {
      const account = decodeAccount(value)
      assert(account, 'an account is well formed')
      return account.balance
    }
    case entryKinds.escrow:
      return escrowCoder.decode(value).balance
    case entryKinds.booking:
      return bookingFunds(bookingCoder.decode(value))
    case entryKinds.bond:
      return bondCoder.decode(value).amount
    default:
      return 0n
  }
}

function keyOf(kind: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const key = new Uint8Array(32)
  key[0] = kind
  let at = 1
  for (const part of parts) {
    key.set(part, at)
    at += part.length
  }
  assert(at === 32, 'a state key has 32 bytes')
  return key
}
