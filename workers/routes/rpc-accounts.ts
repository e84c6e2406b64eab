/** `/rpc`: accounts and escrows. */
import { Hono } from 'hono'
import {
  accountToJson,
  bondToJson,
  bookingToJson,
  claimableToJson,
  escrowToJson,
  legacyAmount,
  slotTimeMs,
} from '../../core/api/rpc-views.ts'
import { formatLegacyTime } from '../../core/base/time.ts'
import { chainQueries, type ReceivedRow } from '../../d1/chain-queries.ts'
import type { AccountRow, TransactionRow } from '../../d1/chain-schema.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { type Asked, mount } from './mount.ts'
import { genesisTimeMs } from './rpc-blocks.ts'
import { fromDatabase, originalReaders, readAddress, readHash, readLookup } from './rpc-input.ts'

export const rpcAccountRoutes = mount(
  new Hono<AppEnv>(),
  {
    getBalance: (c, asked) => balance(c, asked.texts(c).address),
    getAddress: address,
    listAddresses: addresses,
    getEscrow: async (c, asked) => {
      const escrow = await chainNodeOf(c.env).finalEscrow(readHash(asked.texts(c).id, 'id'))
      if (!escrow) throw new ApiFailure({ code: 'NOT_FOUND', message: 'escrow not found' })
      return c.json(escrowToJson(escrow))
    },
    getChainBooking: async (c, asked) => {
      const booking = await chainNodeOf(c.env).finalBooking(readHash(asked.texts(c).id, 'id'))
      if (!booking) throw new ApiFailure({ code: 'NOT_FOUND', message: 'booking not found' })
      return c.json(bookingToJson(booking))
    },
    getBond: async (c, asked) => {
      const bond = await chainNodeOf(c.env).finalBond(readAddress(asked.texts(c).address))
      if (!bond) throw new ApiFailure({ code: 'NOT_FOUND', message: 'this key has no bond' })
      return c.json(bondToJson(bond))
    },
    getClaimable: async (c, asked) => {
      const authorisation = readHash(asked.texts(c).authorisation, 'authorisation')
      const { expiry } = asked.query(c)
      const name = { authorisation, expiry: BigInt(expiry) }
      const claimable = await chainNodeOf(c.env).finalClaimable(name)
      if (!claimable) throw new ApiFailure({ code: 'NOT_FOUND', message: 'nothing to be claimed' })
      return c.json(claimableToJson(claimable))
    },
  },
  originalReaders,
)

async function balance(c: AppContext, text: string): Promise<Response> {
  const lookup = readLookup(text)
  if (lookup.kind === 'legacy') return c.json({ ...nothing(lookup.text), ...legacyNote })
  const [account, row] = await Promise.all([
    chainNodeOf(c.env).account(lookup.address),
    seenAccount(c, lookup.text),
  ])
  return c.json({ ...accountToJson(account), ...updatedAt(c, row) })
}

async function address(c: AppContext, asked: Asked<'getAddress'>): Promise<Response> {
  const lookup = readLookup(asked.texts(c).address)
  const page = asked.query(c)
  const lists = { total_transactions_sent: 0, total_transactions_received: 0 }
  if (lookup.kind === 'legacy') {
    const empty = { latest_sent: [], latest_received: [] }
    return c.json({ ...nothing(lookup.text), ...lists, ...empty, ...legacyNote })
  }
  const queries = chainQueries(c.env.DB)
  const [account, row, sent, received] = await Promise.all([
    chainNodeOf(c.env).account(lookup.address),
    fromDatabase(queries.account(lookup.text)),
    fromDatabase(queries.sentBy(lookup.text, page)),
    fromDatabase(queries.receivedBy(lookup.text, page)),
  ])
  return c.json({
    ...accountToJson(account),
    total_transactions_sent: row?.sent ?? 0,
    total_transactions_received: row?.received ?? 0,
    latest_sent: sent.map((item) => sentToJson(item, genesisTimeMs(c))),
    latest_received: received.map((item) => receivedToJson(item, genesisTimeMs(c))),
    ...updatedAt(c, row),
  })
}

async function addresses(c: AppContext, asked: Asked<'listAddresses'>): Promise<Response> {
  const { min_balance: least, ...page } = asked.query(c)
  const balanceMin = Number(least)
  const { rows, total } = await fromDatabase(
    chainQueries(c.env.DB).accounts({ ...page, balanceMin }),
  )
  const items = rows.map((row) => ({
    address: row.address,
    balance: row.balance,
    nonce: row.nonce,
    total_transactions_sent: row.sent,
    total_transactions_received: row.received,
    ...updatedAt(c, row),
  }))
  return c.json({ addresses: items, total, ...page })
}

const nothing = (text: string) => ({ address: text, balance: 0, nonce: 0 })

const legacyNote = {
  legacy: true,
  notice:
    'An address of the original network: no key here can own it, and nothing can be sent to it.',
} as const

/** When the read model last saw an account; balances do not depend on the database. */
export const seenAccount = (c: AppContext, text: string): Promise<AccountRow | undefined> =>
  chainQueries(c.env.DB)
    .account(text)
    .catch(() => undefined)

/** The same as a field, where it is known. */
export function updatedAt(c: AppContext, row: AccountRow | undefined): { updated_at?: string } {
  if (!row) return {}
  return { updated_at: formatLegacyTime(slotTimeMs(genesisTimeMs(c), row.lastSlot)) }
}

/** A transaction that an address sent, and one that it received. */
export const sentToJson = (row: TransactionRow, genesisMs: number) => ({
  tx_hash: `0x${row.hash}`,
  block_height: row.height,
  direction: 'sent',
  counterparty: row.recipient ?? '',
  payload: JSON.parse(row.payload) as unknown,
  created_at: formatLegacyTime(slotTimeMs(genesisMs, row.slot)),
})

export const receivedToJson = (row: ReceivedRow, genesisMs: number) => ({
  tx_hash: `0x${row.hash}`,
  block_height: row.height,
  direction: 'received',
  counterparty: row.sender,
  payload:
    row.payload === null
      ? { type: 'SETTLE', amount: legacyAmount(BigInt(row.amount)) }
      : (JSON.parse(row.payload) as unknown),
  created_at: formatLegacyTime(slotTimeMs(genesisMs, row.slot)),
})
