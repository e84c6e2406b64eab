/**
 * The state as a block sees it: typed entries over the tree of its parent, with what the block has changed
 * so far kept beside. A message that fails is rolled back to a mark; the tree is updated once, at the end.
 */
import { toHex } from '../base/bytes.ts'
import { assert } from '../base/result.ts'
import { type AuthorityState, authorityStateCoder } from './authorities.ts'
import {
  type Account,
  accountKey,
  authoritiesKey,
  type Bond,
  type Booking,
  bondCoder,
  bondKey,
  bookingCoder,
  bookingFunds,
  bookingKey,
  type Claimable,
  type ClaimName,
  claimableCoder,
  claimableKey,
  type Delegate,
  decodeAccount,
  delegateCoder,
  delegateKey,
  delegateRange,
  type Escrow,
  encodeAccount,
  escrowCoder,
  escrowKey,
  expiredRange,
  lapsedRange,
  parametersKey,
  type Spent,
  type Supply,
  spentCoder,
  spentKey,
  supplyCoder,
  supplyKey,
} from './entries.ts'
import { type Parameters, parametersCoder } from './genesis.ts'
import { escrowDelegatesMax } from './limits.ts'
import {
  type NodeReader,
  readTree,
  scanTree,
  type TreeChange,
  type TreeRoot,
} from './state-tree.ts'

/** Marks a point to which `revert` can go back. */
export type StateMark = { readonly changes: number; readonly created: number }

/** Reads and writes of one execution. Values are immutable: a change puts a new one. */
export type State = {
  readonly account: (address: Uint8Array) => Account | undefined
  readonly putAccount: (address: Uint8Array, account: Account) => void
  readonly escrow: (id: Uint8Array) => Escrow | undefined
  readonly putEscrow: (id: Uint8Array, escrow: Escrow | undefined) => void
  readonly delegate: (escrow: Uint8Array, delegate: Uint8Array) => Delegate | undefined
  readonly putDelegate: (
    name: { readonly escrow: Uint8Array; readonly delegate: Uint8Array },
    entry: Delegate | undefined,
  ) => void
  /** All delegates of an escrow, at most `escrowDelegatesMax`. */
  readonly delegatesOf: (escrow: Uint8Array) => Delegate[]
  readonly spent: (name: Spent) => Spent | undefined
  readonly putSpent: (name: Spent) => void
  /** Removes spent authorisations whose settle-by is before `slot`, oldest first; returns how many. */
  readonly clearSpent: (slot: bigint, limit: number) => number
  readonly booking: (id: Uint8Array) => Booking | undefined
  readonly putBooking: (id: Uint8Array, booking: Booking | undefined) => void
  /** By the 20-byte address whose key it stands for. */
  readonly bond: (owner: Uint8Array) => Bond | undefined
  readonly putBond: (owner: Uint8Array, bond: Bond | undefined) => void
  readonly claimable: (name: ClaimName) => Claimable | undefined
  readonly putClaimable: (name: ClaimName, claimable: Claimable | undefined) => void
  /** Removes what can no longer be claimed in `slot`, oldest first; returns how many. */
  readonly clearLapsed: (slot: bigint, limit: number) => number
  /** What was minted and burned since genesis. */
  readonly supply: () => Supply
  readonly putSupply: (supply: Supply) => void
  readonly parameters: () => Parameters
  readonly putParameters: (parameters: Parameters) => void
  /** Undefined until the first change: then those of genesis are in force. */
  readonly authorities: () => AuthorityState | undefined
  readonly putAuthorities: (authorities: AuthorityState) => void

  readonly mark: () => StateMark
  readonly revert: (mark: StateMark) => void
  /** Entries that came into being since the mark. */
  readonly createdSince: (mark: StateMark) => number

  /** Base units in accounts, escrows, bookings and bonds, less what the tree of the parent held. */
  readonly supplyChange: () => bigint
  /** What to change in the tree: only entries whose value differs. */
  readonly changes: () => TreeChange[]
}

type Kind<T> = {
  readonly encode: (value: T) => Uint8Array
  readonly decode: (bytes: Uint8Array) => T | undefined
  /** Base units that an entry holds. */
  readonly funds: (value: T) => bigint
}

type Slot = {
  readonly key: Uint8Array
  readonly kind: Kind<unknown>
  readonly before: unknown
  readonly beforeBytes: Uint8Array | undefined
  value: unknown
}

const accountKind: Kind<Account> = {
  encode: encodeAccount,
  decode: decodeAccount,
  funds: (account) => account.balance,
}
const escrowKind: Kind<Escrow> = { ...escrowCoder, funds: (escrow) => escrow.balance }
const delegateKind: Kind<Delegate> = { ...delegateCoder, funds: () => 0n }
const spentKind: Kind<Spent> = { ...spentCoder, funds: () => 0n }
const bookingKind: Kind<Booking> = { ...bookingCoder, funds: bookingFunds }
const bondKind: Kind<Bond> = { ...bondCoder, funds: (bond) => bond.amount }
const claimableKind: Kind<Claimable> = { ...claimableCoder, funds: () => 0n }
const supplyKind: Kind<Supply> = { ...supplyCoder, funds: () => 0n }
const parametersKind: Kind<Parameters> = { ...parametersCoder, funds: () => 0n }
const authoritiesKind: Kind<AuthorityState> = { ...authorityStateCoder, funds: () => 0n }

/** Opens the state under `root`. Reads tree nodes as they are needed. */
export function openState(read: NodeReader, root: TreeRoot): State {
  const slots = new Map<string, Slot>()
  const journal: { readonly slot: Slot; readonly value: unknown }[] = []
  let created = 0

  const slotOf = <T>(name: string, kind: Kind<T>, keyOf: () => Uint8Array): Slot => {
    const known = slots.get(name)
    if (known) return known
    const key = keyOf()
    const beforeBytes = readTree(read, root, key)
    const before = beforeBytes && kind.decode(beforeBytes)
    const slot: Slot = { key, kind: kind as Kind<unknown>, before, beforeBytes, value: before }
    slots.set(name, slot)
    return slot
  }
  const put = (slot: Slot, value: unknown): void => {
    journal.push({ slot, value: slot.value })
    if (slot.value === undefined && value !== undefined) created += 1
    slot.value = value
  }

  const accountSlot = (address: Uint8Array): Slot =>
    slotOf(`a${toHex(address)}`, accountKind, () => accountKey(address))
  const escrowSlot = (id: Uint8Array): Slot =>
    slotOf(`e${toHex(id)}`, escrowKind, () => escrowKey(id))
  const delegateSlot = (escrow: Uint8Array, delegate: Uint8Array): Slot =>
    slotOf(`d${toHex(escrow)}${toHex(delegate)}`, delegateKind, () => delegateKey(escrow, delegate))
  const spentSlot = (name: Spent): Slot =>
    slotOf(`s${toHex(name.escrow)}${name.number}/${name.settleBy}`, spentKind, () => spentKey(name))
  const bookingSlot = (id: Uint8Array): Slot =>
    slotOf(`b${toHex(id)}`, bookingKind, () => bookingKey(id))
  const bondSlot = (owner: Uint8Array): Slot =>
    slotOf(`m${toHex(owner)}`, bondKind, () => bondKey(owner))
  const claimableSlot = (name: ClaimName): Slot =>
    slotOf(`c${toHex(name.authorisation)}/${name.expiry}`, claimableKind, () => claimableKey(name))
  const supplySlot = (): Slot => slotOf('u', supplyKind, () => supplyKey)
  const parametersSlot = (): Slot => slotOf('p', parametersKind, () => parametersKey)
  const authoritiesSlot = (): Slot => slotOf('n', authoritiesKind, () => authoritiesKey)

  return {
    account: (address) => accountSlot(address).value as Account | undefined,
    putAccount: (address, account) => put(accountSlot(address), account),
    escrow: (id) => escrowSlot(id).value as Escrow | undefined,
    putEscrow: (id, escrow) => put(escrowSlot(id), escrow),
    delegate: (escrow, delegate) => delegateSlot(escrow, delegate).value as Delegate | undefined,
    putDelegate: ({ escrow, delegate }, entry) => put(delegateSlot(escrow, delegate), entry),
    delegatesOf(escrow) {
      const stored = scanTree(read, root, { ...delegateRange(escrow), limit: escrowDelegatesMax })
      // Pull what is stored into the slots, so that one walk over them sees both.
      for (const { value } of stored) {
        const entry = delegateCoder.decode(value)
        delegateSlot(entry.escrow, entry.delegate)
      }
      const prefix = `d${toHex(escrow)}`
      const found: Delegate[] = []
      for (const [name, slot] of slots) {
        if (slot.value !== undefined && name.startsWith(prefix)) found.push(slot.value as Delegate)
      }
      return found
    },
    spent: (name) => spentSlot(name).value as Spent | undefined,
    putSpent: (name) => put(spentSlot(name), name),
    clearSpent(slot, limit) {
      const expired = scanTree(read, root, { ...expiredRange(slot), limit })
      for (const { value } of expired) put(spentSlot(spentCoder.decode(value)), undefined)
      return expired.length
    },
    booking: (id) => bookingSlot(id).value as Booking | undefined,
    putBooking: (id, booking) => put(bookingSlot(id), booking),
    bond: (owner) => bondSlot(owner).value as Bond | undefined,
    putBond: (owner, bond) => put(bondSlot(owner), bond),
    claimable: (name) => claimableSlot(name).value as Claimable | undefined,
    putClaimable: (name, claimable) => put(claimableSlot(name), claimable),
    clearLapsed(slot, limit) {
      const lapsed = scanTree(read, root, { ...lapsedRange(slot), limit })
      for (const { value } of lapsed) put(claimableSlot(claimableCoder.decode(value)), undefined)
      return lapsed.length
    },
    supply: () => (supplySlot().value as Supply | undefined) ?? { minted: 0n, burned: 0n },
    putSupply: (supply) => put(supplySlot(), supply),
    parameters() {
      const parameters = parametersSlot().value as Parameters | undefined
      assert(parameters, 'the state holds parameters')
      return parameters
    },
    putParameters: (parameters) => put(parametersSlot(), parameters),
    authorities: () => authoritiesSlot().value as AuthorityState | undefined,
    putAuthorities: (authorities) => put(authoritiesSlot(), authorities),

    mark: () => ({ changes: journal.length, created }),
    revert(mark) {
      while (journal.length > mark.changes) {
        const { slot, value } = journal.pop() as (typeof journal)[number]
        slot.value = value
      }
      created = mark.created
    },
    createdSince: (mark) => created - mark.created,

    supplyChange() {
      let change = 0n
      for (const { kind, before, value } of slots.values()) {
        if (value !== undefined) change += kind.funds(value)
        if (before !== undefined) change -= kind.funds(before)
      }
      return change
    },
    changes() {
      const changes: TreeChange[] = []
      for (const { key, kind, before, beforeBytes, value } of slots.values()) {
        if (value === before) continue
        const bytes = value === undefined ? undefined : kind.encode(value)
        const same =
          bytes &&
          beforeBytes?.length === bytes.length &&
          bytes.every((b, i) => b === beforeBytes[i])
        if (!same) changes.push({ key, value: bytes })
      }
      return changes
    },
  }
}

/** Adds base units to an account, which comes into being when it has none. Nothing for 0. */
export function credit(state: State, address: Uint8Array, amount: bigint): void {
  if (amount === 0n) return
  const account = state.account(address) ?? { balance: 0n, nonce: 0n }
  state.putAccount(address, { ...account, balance: account.balance + amount })
}

/** Takes base units from an account; false, with nothing changed, when it has fewer. */
export function debit(state: State, address: Uint8Array, amount: bigint): boolean {
  const account = state.account(address)
  if (!account || account.balance < amount) return false
  state.putAccount(address, { ...account, balance: account.balance - amount })
  return true
}

/** Counts base units that are made. The caller credits them. */
export function countMinted(state: State, amount: bigint): void {
  const supply = state.supply()
  if (amount > 0n) state.putSupply({ ...supply, minted: supply.minted + amount })
}

/** Counts base units that are destroyed. The caller takes them out of an entry. */
export function countBurned(state: State, amount: bigint): void {
  const supply = state.supply()
  if (amount > 0n) state.putSupply({ ...supply, burned: supply.burned + amount })
}
