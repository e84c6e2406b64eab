/**
 * Reading the chain: what the engine shows of head, final state, blocks and transactions.
 */
import { toHex } from '../base/bytes.ts'
import type { Certificate } from './block.ts'
import { slotAt, stopReason } from './consensus.ts'
import type { EngineStatus, FinalizedBlock } from './engine-api.ts'
import { type EngineContext, type EngineMemory, type HeldBlock, recallHeld } from './engine-core.ts'
import { bookingFunds, type ClaimName } from './entries.ts'
import { genesisSupply } from './genesis-block.ts'
import { inOrder, nextNonce, type Pooled } from './mempool.ts'
import type { Outcome } from './outcome.ts'
import { openState, type State } from './state.ts'
import { decodeTransaction, transactionHash } from './transaction.ts'
import type {
  AccountView,
  BlockView,
  BondView,
  BookingView,
  ClaimableView,
  EscrowView,
  HeadView,
  TransactionView,
} from './views.ts'

const faults = {
  unremembered_signature:
    'this site met its own signature on something that it does not remember (restored backup or second copy); it signs nothing until the other authorities finalize a later block or an operator resumes it',
} as const

/** Head as others see it. */
export function viewHead(context: EngineContext, memory: EngineMemory, hash: Uint8Array): HeadView {
  const { final, certificate } = memory.consensus
  const { block } = mustHold(context, hash)
  const { header } = block.signedHeader
  return {
    height: Number(header.height),
    slot: Number(header.slot),
    hash,
    stateRoot: header.stateRoot,
    proposer: header.proposer,
    transactionCount: block.transactions.length,
    finalHeight: final.height,
    finalSlot: final.slot,
    finalHash: final.hash,
    certificate,
  }
}

/** Status of the engine at a time. */
export function viewStatus(
  context: EngineContext,
  memory: EngineMemory,
  nowMs: number,
): EngineStatus {
  const { consensus } = memory
  const genesis = genesisSupply(context.genesis)
  const { minted, burned } = headState(context, memory).supply()
  const stopped = stopReason(memory.rules, consensus)
  return {
    head: viewHead(context, memory, consensus.head.hash),
    currentSlot: slotAt(memory.rules, nowMs),
    authorities: memory.rules.authorities,
    closesAt: memory.closesAt,
    mempoolSize: memory.pool.byHash.size,
    mempoolBytes: memory.pool.bytes,
    // Counted from what blocks changed; `audit` adds up what is held entry by entry.
    supply: { genesis, minted, burned, held: memory.head.held },
    proposing: memory.rules.self !== undefined && stopped === undefined,
    fault: stopped && faults[stopped],
  }
}

/** An account at the head and in the newest final state. */
export function viewAccount(
  context: EngineContext,
  memory: EngineMemory,
  address: Uint8Array,
): AccountView {
  const { balance, nonce } = headState(context, memory).account(address) ?? none
  const final = finalState(context, memory).account(address) ?? none
  return {
    address,
    balance,
    nonce,
    nextNonce: nextNonce(memory.pool, address, nonce),
    finalBalance: final.balance,
    finalNonce: final.nonce,
  }
}

/** An escrow in the newest final state. */
export function viewEscrow(
  context: EngineContext,
  memory: EngineMemory,
  id: Uint8Array,
): EscrowView | undefined {
  const state = finalState(context, memory)
  const escrow = state.escrow(id)
  if (!escrow) return undefined
  return {
    id,
    owner: escrow.owner,
    coordinator: escrow.coordinator,
    balance: escrow.balance,
    expirySlot: Number(escrow.expiry),
    closesAtSlot: escrow.closesAt === 0n ? undefined : Number(escrow.closesAt),
    delegates: state.delegatesOf(id).map(({ delegate, budget, expiry, revokedAt }) => ({
      delegate,
      budget,
      expirySlot: Number(expiry),
      revokedAtSlot: revokedAt === 0n ? undefined : Number(revokedAt),
    })),
  }
}

/** A booking in the newest final state. */
export function viewBooking(
  context: EngineContext,
  memory: EngineMemory,
  id: Uint8Array,
): BookingView | undefined {
  const booking = finalState(context, memory).booking(id)
  if (!booking) return undefined
  const { start, end, ...terms } = booking
  return {
    id,
    ...terms,
    startSlot: Number(start),
    endSlot: Number(end),
    balance: bookingFunds(booking),
  }
}

/** A bond in the newest final state. */
export function viewBond(
  context: EngineContext,
  memory: EngineMemory,
  owner: Uint8Array,
): BondView | undefined {
  const bond = finalState(context, memory).bond(owner)
  if (!bond) return undefined
  return {
    owner,
    amount: bond.amount,
    sinceSlot: Number(bond.since),
    leavesAtSlot: bond.leavesAt === 0n ? undefined : Number(bond.leavesAt),
    slashedAtSlot: bond.slashedAt === 0n ? undefined : Number(bond.slashedAt),
  }
}

/** What may still be claimed, in the newest final state. */
export function viewClaimable(
  context: EngineContext,
  memory: EngineMemory,
  name: ClaimName,
): ClaimableView | undefined {
  const claimable = finalState(context, memory).claimable(name)
  if (!claimable) return undefined
  const { expiry, ...rest } = claimable
  return { ...rest, expirySlot: Number(expiry) }
}

/** A transaction in the pool or on the head's chain. */
export function viewTransaction(
  context: EngineContext,
  memory: EngineMemory,
  hash: Uint8Array,
): TransactionView | undefined {
  const pooled = memory.pool.byHash.get(toHex(hash))
  if (pooled) return viewPooled(pooled)
  const place = context.store.readPlace(hash)
  if (!place) return undefined
  const at = context.store.readHeight(place.height)
  const held = at && recallHeld(context, at)
  if (!held) return undefined
  const final = place.height <= memory.consensus.final.height
  return viewPlaced(held, { index: place.index, outcome: held.outcomes[place.index], final })
}

/** Pooled transactions in the order in which a block would try them, at most `limit`. */
export function viewPool({ pool }: EngineMemory, limit: number): TransactionView[] {
  const views: TransactionView[] = []
  const order = inOrder(pool)
  let next = order.next()
  while (!next.done && views.length < limit) {
    views.push(viewPooled(next.value))
    next = order.next('take')
  }
  return views
}

/** Pooled transactions of one account by nonce, also those that wait behind a missing one. */
export const viewWaiting = ({ pool }: EngineMemory, sender: Uint8Array): TransactionView[] =>
  (pool.queues.get(toHex(sender))?.entries ?? []).map(viewPooled)

/** A block by hash. */
export function viewBlock(
  context: EngineContext,
  memory: EngineMemory,
  hash: Uint8Array,
): BlockView | undefined {
  const held = recallHeld(context, hash)
  return held && blockViewOf(context, memory, held)
}

/** Final blocks from a height on, with all that a read model wants. */
export function viewFinalized(
  context: EngineContext,
  memory: EngineMemory,
  { height, limit }: { readonly height: number; readonly limit: number },
): FinalizedBlock[] {
  const last = memory.consensus.final.height
  const blocks: FinalizedBlock[] = []
  for (let at = height; at <= last && blocks.length < limit; at++) {
    const held = heldAt(context, at)
    if (!held) break
    const { outcomes } = held
    blocks.push({
      view: blockViewOf(context, memory, held),
      block: held.block,
      transactions: outcomes.map((outcome, index) =>
        viewPlaced(held, { index, outcome, final: true }),
      ),
      outcomes,
      payouts: held.execution.payouts,
      certificate: certificateAt(context, memory, held),
    })
  }
  return blocks
}

/** A certificate for exactly this block: the newest one, or the one that its child carries. */
export function certificateAt(
  context: EngineContext,
  { consensus }: EngineMemory,
  { stored }: HeldBlock,
): Certificate | undefined {
  const names = (certificate: Certificate | undefined): boolean =>
    certificate !== undefined && toHex(certificate.block) === toHex(stored.hash)
  if (names(consensus.certificate)) return consensus.certificate
  const child = heldAt(context, stored.height + 1)?.block.signedHeader.header.certificate
  return names(child) ? child : undefined
}

/** The block at a height of the head's chain. */
export function heldAt(context: EngineContext, height: number): HeldBlock | undefined {
  const hash = context.store.readHeight(height)
  return hash && recallHeld(context, hash)
}

/** State after the newest final block. */
export function finalState(context: EngineContext, memory: EngineMemory): State {
  const { head, final } = memory.consensus
  if (final.height === head.height) return headState(context, memory)
  return openState(context.nodes.read, mustHold(context, final.hash).execution.root)
}

const none = { balance: 0n, nonce: 0n }

const headState = (context: EngineContext, memory: EngineMemory): State =>
  openState(context.nodes.read, memory.head.root)

function blockViewOf(context: EngineContext, memory: EngineMemory, held: HeldBlock): BlockView {
  const { header, signature } = held.block.signedHeader
  const { height, hash } = held.stored
  const onChain = toHex(context.store.readHeight(height) ?? new Uint8Array()) === toHex(hash)
  return {
    hash,
    header,
    signature,
    final: onChain && height <= memory.consensus.final.height,
    transactionHashes: held.block.transactions.map(transactionHash),
  }
}

function viewPlaced(
  held: HeldBlock,
  place: {
    readonly index: number
    readonly outcome: Outcome | undefined
    readonly final: boolean
  },
): TransactionView {
  const { index, outcome, final } = place
  const { height, slot } = held.stored
  const block = { height, index, slot }
  return { ...viewBytes(held.block.transactions[index] as Uint8Array), block, outcome, final }
}

const viewPooled = ({ bytes }: Pooled): TransactionView => ({
  ...viewBytes(bytes),
  block: undefined,
  outcome: undefined,
  final: false,
})

function viewBytes(bytes: Uint8Array) {
  const decoded = decodeTransaction(bytes)
  if (!decoded.ok) throw new Error('invariant broken: a held transaction is well formed')
  const { sender, nonce, fee, validUntil, message } = decoded.value.body
  return { hash: transactionHash(bytes), bytes, sender, nonce, fee, validUntil, message }
}

function mustHold(context: EngineContext, hash: Uint8Array): HeldBlock {
  const held = recallHeld(context, hash)
  if (!held) throw new Error('invariant broken: a block of the chain is held')
  return held
}
