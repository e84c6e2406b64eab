/** Answers of `/rpc` about head, blocks, accounts, escrows and proofs, as schemas of `rpc-views.ts`. */
import * as z from 'zod'
import { genesisJsonSchema } from '../../chain/genesis.ts'
import type { LightAnswerJson, LightUpdateJson } from '../light-json.ts'
import type {
  AccountJson,
  BlockJson,
  BlockSummaryJson,
  BondJson,
  BookingJson,
  ClaimableJson,
  EscrowJson,
  HeadJson,
  ProofJson,
  StatusJson,
  VerdictJson,
} from '../rpc-views.ts'
import { address, hash, hexBytes, legacyTime, publicKey, units, whole } from './common.ts'
import { installingSchema, peerSchema } from './peers.ts'

/** `GET /rpc/head`. */
export const headSchema = z
  .strictObject({
    height: whole,
    hash,
    timestamp: legacyTime,
    tx_count: whole,
    slot: whole,
    timestamp_ms: whole.describe('Unix milliseconds of the slot'),
    state_root: hash,
    proposer: publicKey,
    final_height: whole.describe('Height of the newest final block'),
    final_slot: whole,
    final_hash: hash,
    certificate: hexBytes
      .nullable()
      .describe('Proof of finality of the final block; null while there is only genesis'),
  })
  .meta({ id: 'Head', description: 'The newest block' }) satisfies z.ZodType<HeadJson>

/** `GET /rpc/genesis`. */
export const genesisSchema = z.strictObject(genesisJsonSchema.shape).meta({
  id: 'Genesis',
  description: 'The constants of a chain',
})

/** `GET /rpc/status`. */
export const statusSchema = z
  .strictObject({
    chain_id: z.string(),
    genesis_hash: hash,
    genesis: genesisSchema,
    genesis_time_ms: whole,
    slot_ms: whole.describe('Length of a slot, milliseconds'),
    slot: z.int().describe('Slot by this site’s clock'),
    head: headSchema,
    head_height: whole,
    final_height: whole,
    indexed_height: z.int().min(-1).describe('Height up to which the lists are filled'),
    kept_from: whole.describe('Lowest block that this site keeps: 0, or the one it began with'),
    mempool_size: whole,
    supply: z
      .strictObject({ genesis: units, minted: units, burned: units, held: units })
      .describe('held = genesis + minted - burned, always'),
    authorities: z.array(z.strictObject({ public_key: publicKey, name: z.string() })),
    authorities_until: whole
      .nullable()
      .describe('Last height of this set, once a change of it is on the chain'),
    proposing: z.boolean().describe('Whether this site makes blocks'),
    fault: z.string().nullable().describe('What keeps it from working, for people'),
  })
  .meta({
    id: 'ChainStatus',
    description: 'The state of the chain',
  }) satisfies z.ZodType<StatusJson>

/** `GET /rpc/syncStatus`. */
export const syncStatusSchema = z
  .strictObject({
    chain_id: z.string(),
    head_height: whole,
    head_hash: hash,
    head_proposer: publicKey,
    head_timestamp: legacyTime,
    total_blocks: whole,
    total_transactions: whole.nullable().describe('In the lists; null while they are away'),
    validate_signatures: z.literal(true),
    trusted_proposers: z.array(publicKey),
    max_reorg_depth: whole.describe('Blocks that are not final yet'),
    genesis_hash: hash,
    final_height: whole,
    indexed_height: z.int().min(-1),
    indexed_from: whole.nullable().describe('Where the lists begin; null while they are away'),
    kept_from: whole.describe('Lowest block that this site keeps'),
    installing: installingSchema.nullable().describe('As in /rpc/peers'),
    current_slot: z.int(),
    peers: z.array(peerSchema).describe('The other sites, as in /rpc/peers'),
    fault: z.string().nullable(),
  })
  .meta({ id: 'SyncStatus' })

const summaryFields = {
  height: whole,
  hash,
  parent_hash: hash,
  timestamp: legacyTime,
  tx_count: whole,
  state_root: hash,
  proposer: publicKey,
  slot: whole,
  timestamp_ms: whole,
  final: z.boolean(),
}

/** A block in a list, and a frame of `/rpc/ws/blocks`. */
export const blockSummarySchema = z.strictObject(summaryFields).meta({
  id: 'BlockSummary',
  description: 'A block without its transactions',
}) satisfies z.ZodType<BlockSummaryJson>

/** `GET /rpc/blocks/{at}`. */
export const blockSchema = z
  .strictObject({
    ...summaryFields,
    transactions: z.array(hash),
    header: hexBytes.describe('The signed header'),
  })
  .meta({ id: 'Block', description: 'A block' }) satisfies z.ZodType<BlockJson>

/** `GET /rpc/getBalance/{address}`. */
export const accountFields = {
  address,
  balance: whole.describe('Base units at the head'),
  nonce: whole,
  updated_at: legacyTime.optional().describe('When the account last changed, once that is final'),
  next_nonce: whole.describe('Nonce of the next transaction, the waiting ones counted'),
  final_balance: units,
  final_nonce: whole,
}

/** An account of this network. */
export const accountSchema = z
  .strictObject(accountFields)
  .meta({ id: 'Account', description: 'An account' }) satisfies z.ZodType<AccountJson>

/** What is said of an address of the original network. */
export const legacyAccountFields = {
  address: z.string().regex(/^aitbc1[0-9a-f]{40}$/),
  balance: z.literal(0),
  nonce: z.literal(0),
  legacy: z.literal(true),
  notice: z.string(),
}

/** An address of the original network: nothing here can own it. */
export const legacyAccountSchema = z
  .strictObject(legacyAccountFields)
  .meta({ id: 'LegacyAccount', description: 'An address of the original network' })

/** `GET /rpc/escrow/{id}`. */
export const escrowSchema = z
  .strictObject({
    id: hash,
    owner: address,
    coordinator: publicKey.describe('Who may spend from it'),
    balance: units,
    expiry_slot: whole.describe('From this slot on anyone may close it'),
    closes_at_slot: whole.nullable().describe('When a close that was asked for takes effect'),
    delegates: z.array(
      z.strictObject({
        delegate: publicKey,
        budget: units,
        expiry_slot: whole,
        revoked_at_slot: whole.nullable(),
      }),
    ),
  })
  .meta({
    id: 'Escrow',
    description: 'Funds that are locked for a coordinator',
  }) satisfies z.ZodType<EscrowJson>

/** `GET /rpc/booking/{id}`. */
export const bookingSchema = z
  .strictObject({
    id: hash,
    buyer: address,
    provider: address.describe('Who is paid'),
    coordinator: publicKey.describe('Who gets the coordinator’s share'),
    offer: hash.describe('What was agreed'),
    start_slot: whole,
    end_slot: whole.describe('From this slot on anyone may close it'),
    price: units.describe('Base units a slot'),
    balance: units.describe('What it holds'),
  })
  .meta({
    id: 'ChainBooking',
    description: 'Time of a machine, paid for in advance',
  }) satisfies z.ZodType<BookingJson>

/** `GET /rpc/bond/{address}`. */
export const bondSchema = z
  .strictObject({
    owner: address,
    amount: units,
    since_slot: whole,
    leaves_at_slot: whole.nullable().describe('From when on it can be paid out'),
    slashed_at_slot: whole.nullable().describe('When it was burned for good'),
  })
  .meta({ id: 'Bond', description: 'The stake of a miner’s key' }) satisfies z.ZodType<BondJson>

/** `GET /rpc/claimable/{authorisation}`. */
export const claimableSchema = z
  .strictObject({
    authorisation: hash,
    receipt: hash,
    miner: address,
    amount: units,
    expiry_slot: whole.describe('Last slot in which a claim counts'),
  })
  .meta({
    id: 'Claimable',
    description: 'What a miner may still claim for a settled job',
  }) satisfies z.ZodType<ClaimableJson>

const node = z.string().regex(/^[0-9a-f]{64}$/)
const trusted = { header: hexBytes, certificate: hexBytes }

/** `GET /rpc/proof/transaction/{hash}`. */
export const transactionProofSchema = z
  .strictObject({
    kind: z.literal('transaction'),
    ...trusted,
    index: whole,
    count: whole,
    transaction: hexBytes,
    outcome: hexBytes,
    transaction_path: z.array(node),
    outcome_path: z.array(node),
  })
  .meta({
    id: 'TransactionProof',
    description: 'That a transaction is in a final block, and what it did',
  }) satisfies z.ZodType<ProofJson>

/** `GET /rpc/proof/{account,bond}/{address}` and `/rpc/proof/{escrow,booking}/{id}`. */
export const stateProofSchema = z
  .strictObject({
    kind: z.literal('state'),
    ...trusted,
    key: hexBytes,
    value: hexBytes.nullable().describe('Null proves that there is none'),
    proof: hexBytes,
  })
  .meta({
    id: 'StateProof',
    description: 'What the state of a final block holds under a key',
  }) satisfies z.ZodType<ProofJson>

const updateFields = {
  steps: z.array(
    z.strictObject({
      height: whole,
      header: hexBytes,
      certificate: hexBytes,
      path: z.array(node).describe('Shows the block before on the way among the ancestors'),
      authorities: hexBytes.nullable().describe('Who certifies from here on, where that changes'),
    }),
  ),
  more: z.boolean().describe('The way goes on: ask again from the last height'),
}

/** `GET /rpc/light`. */
export const lightUpdateSchema = z.strictObject(updateFields).meta({
  id: 'LightUpdate',
  description: 'The way from a verified block to the newest final one',
}) satisfies z.ZodType<LightUpdateJson>

const fact = { path: z.array(node).describe('From the block of the fact to the newest one') }

/** `GET /rpc/light/proof/transaction/{hash}`. */
export const lightTransactionSchema = z
  .strictObject({
    ...updateFields,
    ...fact,
    fact: z
      .strictObject({
        kind: z.literal('transaction'),
        header: hexBytes,
        index: whole,
        count: whole,
        transaction: hexBytes,
        outcome: hexBytes,
        transaction_path: z.array(node),
        outcome_path: z.array(node),
      })
      .nullable()
      .describe('Null where the way goes on'),
  })
  .meta({
    id: 'LightTransaction',
    description: 'That a transaction is on the chain, with the way to it',
  }) satisfies z.ZodType<LightAnswerJson>

/** `GET /rpc/light/proof/…` about an account, escrow, booking or bond. */
export const lightStateSchema = z
  .strictObject({
    ...updateFields,
    ...fact,
    fact: z
      .strictObject({
        kind: z.literal('state'),
        header: hexBytes,
        key: hexBytes,
        value: hexBytes.nullable().describe('Null shows that there is none'),
        proof: hexBytes,
      })
      .nullable()
      .describe('Null where the way goes on'),
  })
  .meta({
    id: 'LightState',
    description: 'What the newest final state holds, with the way to it',
  }) satisfies z.ZodType<LightAnswerJson>

const accepted = z.strictObject({ ok: z.literal(true), tx_hash: hash, known: z.boolean() })

/** One verdict on a transaction. */
export const verdictSchema = z
  .discriminatedUnion('ok', [
    accepted,
    z.strictObject({
      ok: z.literal(false),
      tx_hash: hash,
      error: z.strictObject({ code: z.string(), message: z.string() }),
    }),
  ])
  .meta({
    id: 'Verdict',
    description: 'Whether a transaction was taken',
  }) satisfies z.ZodType<VerdictJson>

/** The verdict on a gift, which is only sent when it was taken. */
export const acceptedSchema = accepted
