/**
 * Tables of the chain's read model, as drizzle sees them. `migrations/` make them and say
 * what the columns hold; a test compares the two.
 */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** One row: which chain, from where on (the books: from where) and how far, and how many transactions and settlements that makes. */
export const chainMeta = sqliteTable('chain_meta', {
  id: integer().primaryKey(),
  genesisHash: text('genesis_hash').notNull(),
  indexedHeight: integer('indexed_height').notNull(),
  indexedHash: text('indexed_hash').notNull(),
  transactions: integer().notNull(),
  settlements: integer().notNull(),
  accounts: integer().notNull(),
  indexedFrom: integer('indexed_from').notNull(),
  ledgerFrom: integer('ledger_from'),
})

/** Finalized blocks. `proposer` is a public key; `fees` base units. */
export const chainBlocks = sqliteTable('chain_blocks', {
  height: integer().primaryKey(),
  hash: text().notNull().unique(),
  parentHash: text('parent_hash').notNull(),
  slot: integer().notNull(),
  proposer: text().notNull(),
  stateRoot: text('state_root').notNull(),
  transactionCount: integer('transaction_count').notNull(),
  fees: integer().notNull(),
})

/**
 * Finalized transactions. `amount` is what the message names, decimal text; `code` the outcome, 0 when it
 * did what it asked; `payload` the message as JSON (`messageJson`).
 */
export const chainTransactions = sqliteTable(
  'chain_transactions',
  {
    height: integer().notNull(),
    position: integer().notNull(),
    hash: text().notNull().unique(),
    slot: integer().notNull(),
    kind: text().notNull(),
    sender: text().notNull(),
    recipient: text(),
    amount: text(),
    fee: integer().notNull(),
    nonce: integer().notNull(),
    code: integer().notNull(),
    payload: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.height, table.position] })],
)

/** Every escrow ever opened: who owns it and who spends from it, both addresses. */
export const chainEscrows = sqliteTable('chain_escrows', {
  id: text().primaryKey(),
  owner: text().notNull(),
  coordinator: text().notNull(),
  openedHeight: integer('opened_height').notNull(),
})

/** Payments for accepted work, and with them the hashes that anchor receipts. */
export const chainSettlements = sqliteTable(
  'chain_settlements',
  {
    height: integer().notNull(),
    position: integer().notNull(),
    item: integer().notNull(),
    slot: integer().notNull(),
    transactionHash: text('transaction_hash').notNull(),
    receiptHash: text('receipt_hash').notNull(),
    jobHash: text('job_hash').notNull(),
    authorisation: text().notNull(),
    escrow: text().notNull(),
    number: text().notNull(),
    owner: text().notNull(),
    coordinator: text().notNull(),
    miner: text().notNull(),
    amount: integer().notNull(),
    minerAmount: integer('miner_amount').notNull(),
    coordinatorAmount: integer('coordinator_amount').notNull(),
    releaseSignature: text('release_signature').notNull(),
  },
  (table) => [primaryKey({ columns: [table.height, table.position, table.item] })],
)

/** Accounts that a finalized block touched. `sent` and `received` count transactions and payments. */
export const chainAccounts = sqliteTable('chain_accounts', {
  address: text().primaryKey(),
  balance: integer().notNull(),
  nonce: integer().notNull(),
  sent: integer().notNull(),
  received: integer().notNull(),
  lastHeight: integer('last_height').notNull(),
  lastSlot: integer('last_slot').notNull(),
})

export type BlockRow = typeof chainBlocks.$inferSelect
export type TransactionRow = typeof chainTransactions.$inferSelect
export type EscrowRow = typeof chainEscrows.$inferSelect
export type SettlementRow = typeof chainSettlements.$inferSelect
export type AccountRow = typeof chainAccounts.$inferSelect
