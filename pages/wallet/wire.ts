/** Answers of the site as the wallet reads them. */
import { amount } from '../explorer/wire.ts'
import {
  anything,
  flag,
  integer,
  list,
  maybe,
  object,
  record,
  type ShapeOf,
  text,
} from '../shared/live/shape.ts'

const count = integer(0)

/** `GET /rpc/getBalance/{address}`: head and final state. */
export const accountAnswer = object({
  balance: amount,
  nonce: count,
  next_nonce: count,
  final_balance: amount,
  final_nonce: count,
})
export type AccountAnswer = ShapeOf<typeof accountAnswer>

/** What the wallet shows of the genesis; the vault takes the whole. */
export const genesisAnswer = object({
  chain_id: text,
  parameters: object({
    faucet_max: amount,
    close_notice_slots: amount,
    authorisation_life_slots: amount,
  }),
  faucets: list(text),
})

/** An item of `GET /rpc/mempool`. */
export const pooledAnswer = list(
  object({
    tx_hash: text,
    type: text,
    sender: text,
    nonce: count,
    fee: amount,
    valid_until: count,
    payload: record(anything),
  }),
)
export type Pooled = ShapeOf<typeof pooledAnswer>[number]

export const sentAnswer = object({ tx_hash: text })

export const escrowAnswer = object({
  id: text,
  owner: text,
  coordinator: text,
  balance: amount,
  expiry_slot: count,
  closes_at_slot: maybe(count),
  delegates: list(
    object({
      delegate: text,
      budget: amount,
      expiry_slot: count,
      revoked_at_slot: maybe(count),
    }),
  ),
})
export type Escrow = ShapeOf<typeof escrowAnswer>

/** What the wallet needs of `GET /api/v1/site`. */
export const siteAnswer = object({ coordinator: text, chain_id: text })

/** Where a transaction stands: `GET /rpc/tx/{hash}`. */
export const standingAnswer = object({
  tx_hash: text,
  status: text,
  block_height: maybe(integer(-1)),
  outcome: maybe(text),
})

export const done = object({})
export const said = object({ ok: maybe(flag) })
