/**
 * What `/rpc` answers, as JSON: the shapes of the original with its types (balances and fees as integers,
 * naive times), and beside them the fields that it lacked. New amounts are decimal strings, hashes `0x…`,
 * keys plain hex, addresses `aitbc1…`; canonical bytes travel as hex, so that a client can check them.
 */
import { toHex, toHex0x } from '../base/bytes.ts'
import { formatLegacyTime } from '../base/time.ts'
import { certificateCoder, headerCoder, signedHeaderCoder } from '../chain/block.ts'
import { type GenesisJson, slotMs } from '../chain/genesis.ts'
import { formatAddress } from '../crypto/address.ts'
import type {
  AccountView,
  BlockView,
  BondView,
  BookingView,
  ClaimableView,
  EscrowView,
  HeadView,
  ProofView,
  StatusView,
  SubmitVerdict,
} from './chain-service.ts'

/** Unix milliseconds of a slot. */
export const slotTimeMs = (genesisTimeMs: number, slot: number): number =>
  genesisTimeMs + slot * slotMs

/** An amount as the original spells it: an integer, or decimal text where that would not be exact. */
export const legacyAmount = (amount: bigint): number | string =>
  amount <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(amount) : amount.toString()

/** `GET /rpc/head`. */
export type HeadJson = {
  readonly height: number
  readonly hash: string
  readonly timestamp: string
  readonly tx_count: number
  readonly slot: number
  readonly timestamp_ms: number
  readonly state_root: string
  readonly proposer: string
  readonly final_height: number
  readonly final_slot: number
  readonly final_hash: string
  /** Hex of `certificateCoder`; null while there is no block but genesis. */
  readonly certificate: string | null
}

/** Writes a head. */
export function headToJson(head: HeadView, genesisTimeMs: number): HeadJson {
  const timeMs = slotTimeMs(genesisTimeMs, head.slot)
  return {
    height: head.height,
    hash: toHex0x(head.hash),
    timestamp: formatLegacyTime(timeMs),
    tx_count: head.transactionCount,
    slot: head.slot,
    timestamp_ms: timeMs,
    state_root: toHex0x(head.stateRoot),
    proposer: toHex(head.proposer),
    final_height: head.finalHeight,
    final_slot: head.finalSlot,
    final_hash: toHex0x(head.finalHash),
    certificate: head.certificate ? toHex(certificateCoder.encode(head.certificate)) : null,
  }
}

/** One block in a list, and a frame of `/rpc/ws/blocks`. */
export type BlockSummaryJson = {
  readonly height: number
  readonly hash: string
  readonly parent_hash: string
  readonly timestamp: string
  readonly tx_count: number
  readonly state_root: string
  readonly proposer: string
  readonly slot: number
  readonly timestamp_ms: number
  readonly final: boolean
}

/** `GET /rpc/blocks/{height or hash}`: adds the transactions and the signed header as hex. */
export type BlockJson = BlockSummaryJson & {
  readonly transactions: readonly string[]
  /** Hex of `signedHeaderCoder`. */
  readonly header: string
}

/** A block without its body: what lists and streams need. */
export type BlockSummary = {
  readonly height: number
  readonly slot: number
  readonly hash: Uint8Array
  readonly parent: Uint8Array
  readonly stateRoot: Uint8Array
  readonly proposer: Uint8Array
  readonly transactionCount: number
  readonly final: boolean
}

/** The summary of a block. */
export const summaryOf = (block: BlockView): BlockSummary => ({
  height: Number(block.header.height),
  slot: Number(block.header.slot),
  hash: block.hash,
  parent: block.header.parent,
  stateRoot: block.header.stateRoot,
  proposer: block.header.proposer,
  transactionCount: block.transactionHashes.length,
  final: block.final,
})

/** Writes a block for a list or a stream. */
export function blockSummaryToJson(block: BlockSummary, genesisTimeMs: number): BlockSummaryJson {
  const timeMs = slotTimeMs(genesisTimeMs, block.slot)
  return {
    height: block.height,
    hash: toHex0x(block.hash),
    parent_hash: toHex0x(block.parent),
    timestamp: formatLegacyTime(timeMs),
    tx_count: block.transactionCount,
    state_root: toHex0x(block.stateRoot),
    proposer: toHex(block.proposer),
    slot: block.slot,
    timestamp_ms: timeMs,
    final: block.final,
  }
}

/** Writes a whole block. */
export const blockToJson = (block: BlockView, genesisTimeMs: number): BlockJson => ({
  ...blockSummaryToJson(summaryOf(block), genesisTimeMs),
  transactions: block.transactionHashes.map(toHex0x),
  header: toHex(signedHeaderCoder.encode({ header: block.header, signature: block.signature })),
})

/** `GET /rpc/getBalance/{address}`. `updated_at` only for accounts that the read model has seen. */
export type AccountJson = {
  readonly address: string
  readonly balance: number
  readonly nonce: number
  readonly updated_at?: string
  readonly next_nonce: number
  readonly final_balance: string
  readonly final_nonce: number
}

/** Writes an account. */
export const accountToJson = (account: AccountView): AccountJson => ({
  address: formatAddress(account.address),
  balance: Number(account.balance),
  nonce: Number(account.nonce),
  next_nonce: Number(account.nextNonce),
  final_balance: account.finalBalance.toString(),
  final_nonce: Number(account.finalNonce),
})

/** `GET /rpc/status`. */
export type StatusJson = {
  readonly chain_id: string
  readonly genesis_hash: string
  readonly genesis: GenesisJson
  readonly genesis_time_ms: number
  readonly slot_ms: number
  readonly slot: number
  readonly head: HeadJson
  readonly head_height: number
  readonly final_height: number
  readonly indexed_height: number
  readonly kept_from: number
  readonly mempool_size: number
  readonly supply: {
    readonly genesis: string
    readonly minted: string
    readonly burned: string
    readonly held: string
  }
  readonly authorities: readonly { readonly public_key: string; readonly name: string }[]
  /** Last height of this set, once a change is on the head's chain. */
  readonly authorities_until: number | null
  readonly proposing: boolean
  readonly fault: string | null
}

/** Writes the status. `genesis` is the site's own file. */
export function statusToJson(status: StatusView, genesis: GenesisJson): StatusJson {
  const { supply } = status
  return {
    chain_id: status.chainId,
    genesis_hash: toHex0x(status.genesisHash),
    genesis,
    genesis_time_ms: status.genesisTimeMs,
    slot_ms: slotMs,
    slot: status.currentSlot,
    head: headToJson(status.head, status.genesisTimeMs),
    head_height: status.head.height,
    final_height: status.head.finalHeight,
    indexed_height: status.indexedHeight,
    kept_from: status.keptFrom,
    mempool_size: status.mempoolSize,
    supply: {
      genesis: supply.genesis.toString(),
      minted: supply.minted.toString(),
      burned: supply.burned.toString(),
      held: supply.held.toString(),
    },
    authorities: status.authorities.map(({ publicKey, name }) => ({
      public_key: toHex(publicKey),
      name,
    })),
    authorities_until: status.authoritiesUntil ?? null,
    proposing: status.proposing,
    fault: status.fault ?? null,
  }
}

/** `GET /rpc/escrow/{id}`, from the newest final state. */
export type EscrowJson = {
  readonly id: string
  readonly owner: string
  readonly coordinator: string
  readonly balance: string
  readonly expiry_slot: number
  readonly closes_at_slot: number | null
  readonly delegates: readonly {
    readonly delegate: string
    readonly budget: string
    readonly expiry_slot: number
    readonly revoked_at_slot: number | null
  }[]
}

/** Writes an escrow. */
export const escrowToJson = (escrow: EscrowView): EscrowJson => ({
  id: toHex0x(escrow.id),
  owner: formatAddress(escrow.owner),
  coordinator: toHex(escrow.coordinator),
  balance: escrow.balance.toString(),
  expiry_slot: escrow.expirySlot,
  closes_at_slot: escrow.closesAtSlot ?? null,
  delegates: escrow.delegates.map((terms) => ({
    delegate: toHex(terms.delegate),
    budget: terms.budget.toString(),
    expiry_slot: terms.expirySlot,
    revoked_at_slot: terms.revokedAtSlot ?? null,
  })),
})

/** `GET /rpc/booking/{id}`, from the newest final state. */
export type BookingJson = {
  readonly id: string
  readonly buyer: string
  readonly provider: string
  readonly coordinator: string
  readonly offer: string
  readonly start_slot: number
  readonly end_slot: number
  readonly price: string
  readonly balance: string
}

/** Writes a booking. */
export const bookingToJson = (booking: BookingView): BookingJson => ({
  id: toHex0x(booking.id),
  buyer: formatAddress(booking.buyer),
  provider: formatAddress(booking.provider),
  coordinator: toHex(booking.coordinator),
  offer: toHex0x(booking.offer),
  start_slot: booking.startSlot,
  end_slot: booking.endSlot,
  price: booking.price.toString(),
  balance: booking.balance.toString(),
})

/** `GET /rpc/bond/{address}`, from the newest final state. */
export type BondJson = {
  readonly owner: string
  readonly amount: string
  readonly since_slot: number
  readonly leaves_at_slot: number | null
  readonly slashed_at_slot: number | null
}

/** Writes a bond. */
export const bondToJson = (bond: BondView): BondJson => ({
  owner: formatAddress(bond.owner),
  amount: bond.amount.toString(),
  since_slot: bond.sinceSlot,
  leaves_at_slot: bond.leavesAtSlot ?? null,
  slashed_at_slot: bond.slashedAtSlot ?? null,
})

/** `GET /rpc/claimable/{authorisation}`, from the newest final state. */
export type ClaimableJson = {
  readonly authorisation: string
  readonly receipt: string
  readonly miner: string
  readonly amount: string
  readonly expiry_slot: number
}

/** Writes what may be claimed. */
export const claimableToJson = (claimable: ClaimableView): ClaimableJson => ({
  authorisation: toHex0x(claimable.authorisation),
  receipt: toHex0x(claimable.receipt),
  miner: formatAddress(claimable.miner),
  amount: claimable.amount.toString(),
  expiry_slot: claimable.expirySlot,
})

/** One verdict of `POST /rpc/transactions`. */
export type VerdictJson =
  | { readonly ok: true; readonly tx_hash: string; readonly known: boolean }
  | {
      readonly ok: false
      readonly tx_hash: string
      readonly error: { readonly code: string; readonly message: string }
    }

/** Writes a verdict. */
export const verdictToJson = (verdict: SubmitVerdict): VerdictJson =>
  verdict.ok
    ? { ok: true, tx_hash: toHex0x(verdict.hash), known: verdict.known }
    : { ok: false, tx_hash: toHex0x(verdict.hash), error: verdict.error }

/** `GET /rpc/proof/…`: hex of canonical bytes throughout (`headerCoder`, `certificateCoder`, …). */
export type ProofJson =
  | {
      readonly kind: 'transaction'
      readonly header: string
      readonly certificate: string
      readonly index: number
      readonly count: number
      readonly transaction: string
      readonly outcome: string
      readonly transaction_path: readonly string[]
      readonly outcome_path: readonly string[]
    }
  | {
      readonly kind: 'state'
      readonly header: string
      readonly certificate: string
      readonly key: string
      /** Null proves absence. */
      readonly value: string | null
      readonly proof: string
    }

/** Writes a proof. */
export function proofToJson(proof: ProofView): ProofJson {
  const trusted = {
    header: toHex(headerCoder.encode(proof.header)),
    certificate: toHex(certificateCoder.encode(proof.certificate)),
  }
  if (proof.kind === 'state') {
    return {
      kind: 'state',
      ...trusted,
      key: toHex(proof.key),
      value: proof.value ? toHex(proof.value) : null,
      proof: toHex(proof.proof),
    }
  }
  return {
    kind: 'transaction',
    ...trusted,
    index: proof.index,
    count: proof.count,
    transaction: toHex(proof.transaction),
    outcome: toHex(proof.outcome),
    transaction_path: proof.transactionPath.map(toHex),
    outcome_path: proof.outcomePath.map(toHex),
  }
}
