/** Tables of the market. What each column holds, and who writes it, stands in docs/storage.md. */
import { addColumn, type SqlDatabase } from '../coordinator/schema.ts'

/** Lays down the tables that are not there. */
export function createMarketTables(database: SqlDatabase): void {
  database.transactionSync(() => {
    for (const statement of tables) database.sql.exec(statement)
    // Agreements of an earlier version.
    const table = 'agreements'
    addColumn(database, { table, name: 'models', type: "TEXT NOT NULL DEFAULT '[]'" })
    addColumn(database, { table, name: 'used', type: 'INTEGER NOT NULL DEFAULT 0' })
    // Rows of the read model in an earlier form are written anew, once.
    const [rows] = database.sql.exec("SELECT value FROM meta WHERE name = 'rows'").toArray()
    if (rows?.['value'] === rowsForm) return
    database.sql.exec('UPDATE offers SET projected = 0')
    database.sql.exec("INSERT OR REPLACE INTO meta VALUES ('rows', ?)", rowsForm)
  })
}

/** Changes with the columns of `market_rows`, and with what they are worked out from. */
const rowsForm = '3'

const tables: readonly string[] = [
  'CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',

  // Offers as they are listed; `version` counts changes, `projected` is the one the read model has
  `CREATE TABLE IF NOT EXISTS offers (
    offer_id TEXT PRIMARY KEY,
    miner_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    revision TEXT NOT NULL,
    status TEXT NOT NULL,
    body TEXT NOT NULL,
    hello TEXT,
    capabilities TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    seen_at_ms INTEGER NOT NULL,
    version INTEGER NOT NULL,
    projected INTEGER NOT NULL,
    said TEXT NOT NULL,
    said_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS offers_dirty ON offers (offer_id) WHERE version > projected',
  'CREATE INDEX IF NOT EXISTS offers_miner ON offers (miner_id)',
  'CREATE INDEX IF NOT EXISTS offers_kind ON offers (kind, created_at_ms)',
  'CREATE INDEX IF NOT EXISTS offers_owner ON offers (owner)',
  'CREATE TABLE IF NOT EXISTS gone (offer_id TEXT PRIMARY KEY) WITHOUT ROWID',
  `CREATE TABLE IF NOT EXISTS price_changes (
    seq INTEGER PRIMARY KEY,
    offer_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    model TEXT,
    prompt TEXT,
    completion TEXT,
    hour TEXT
  )`,
  'CREATE INDEX IF NOT EXISTS price_changes_offer ON price_changes (offer_id, seq)',
  'CREATE TABLE IF NOT EXISTS watches (from_ms INTEGER PRIMARY KEY, to_ms INTEGER NOT NULL)',
  `CREATE TABLE IF NOT EXISTS presence (
    offer_id TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER,
    PRIMARY KEY (offer_id, from_ms)
  ) WITHOUT ROWID`,

  // What is wanted, and what came of it
  `CREATE TABLE IF NOT EXISTS bids (
    seq INTEGER PRIMARY KEY,
    bid_id TEXT NOT NULL UNIQUE,
    site TEXT NOT NULL,
    owner TEXT NOT NULL,
    bidder TEXT NOT NULL,
    wanted TEXT NOT NULL,
    status TEXT NOT NULL,
    opened_at_ms INTEGER NOT NULL,
    closes_at_ms INTEGER NOT NULL,
    filled INTEGER NOT NULL,
    announced TEXT
  )`,
  "CREATE INDEX IF NOT EXISTS bids_open ON bids (closes_at_ms) WHERE status = 'open'",
  'CREATE INDEX IF NOT EXISTS bids_owner ON bids (owner, seq)',
  'CREATE INDEX IF NOT EXISTS bids_status ON bids (status, seq)',
  `CREATE TABLE IF NOT EXISTS quotes (
    quote_id TEXT PRIMARY KEY,
    bid_id TEXT NOT NULL,
    offer_id TEXT NOT NULL,
    miner_id TEXT NOT NULL,
    automatic INTEGER NOT NULL,
    price TEXT NOT NULL,
    capacity INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    UNIQUE (bid_id, offer_id)
  ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS agreements (
    seq INTEGER PRIMARY KEY,
    agreement_id TEXT NOT NULL UNIQUE,
    bid_id TEXT NOT NULL,
    offer_id TEXT NOT NULL,
    miner_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    buyer TEXT NOT NULL,
    seller TEXT NOT NULL,
    kind TEXT NOT NULL,
    capacity INTEGER NOT NULL,
    hours INTEGER,
    price TEXT NOT NULL,
    models TEXT NOT NULL DEFAULT '[]',
    used INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL,
    booking_id TEXT,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
  )`,
  'CREATE INDEX IF NOT EXISTS agreements_bid ON agreements (bid_id)',
  'CREATE INDEX IF NOT EXISTS agreements_owner ON agreements (owner, seq)',
  "CREATE INDEX IF NOT EXISTS agreements_open ON agreements (expires_at_ms) WHERE state = 'open'",

  // Places that are held; amounts decimal text
  `CREATE TABLE IF NOT EXISTS bookings (
    seq INTEGER PRIMARY KEY,
    booking_id TEXT NOT NULL UNIQUE,
    offer_id TEXT NOT NULL,
    miner_id TEXT NOT NULL,
    gpu TEXT,
    agreement_id TEXT,
    job_id TEXT,
    owner TEXT NOT NULL,
    buyer TEXT NOT NULL,
    seller TEXT NOT NULL,
    provider TEXT NOT NULL,
    key_id TEXT,
    state TEXT NOT NULL,
    places INTEGER NOT NULL,
    price_hour TEXT NOT NULL,
    price_slot TEXT NOT NULL,
    total TEXT NOT NULL,
    offer_hash BLOB NOT NULL,
    start_slot INTEGER NOT NULL,
    end_slot INTEGER NOT NULL,
    open_bytes BLOB,
    open_hash BLOB,
    valid_until INTEGER,
    close_bytes BLOB,
    close_hash BLOB,
    paid TEXT,
    returned TEXT,
    fault TEXT,
    created_at_ms INTEGER NOT NULL
  )`,
  `CREATE INDEX IF NOT EXISTS bookings_live ON bookings (offer_id)
    WHERE state IN ('pending', 'active', 'closing')`,
  'CREATE INDEX IF NOT EXISTS bookings_owner ON bookings (owner, seq)',
  'CREATE INDEX IF NOT EXISTS bookings_seller ON bookings (seller, seq)',

  `CREATE TABLE IF NOT EXISTS reviews (
    seq INTEGER PRIMARY KEY,
    review_id TEXT NOT NULL UNIQUE,
    offer_id TEXT NOT NULL,
    receipt_id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    reviewer TEXT NOT NULL,
    rating INTEGER NOT NULL,
    comment TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  )`,
  'CREATE INDEX IF NOT EXISTS reviews_offer ON reviews (offer_id, seq)',

  // To be said on the chain, in order; and whom a site's name belongs to
  `CREATE TABLE IF NOT EXISTS sayings (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    topic INTEGER NOT NULL,
    body BLOB NOT NULL
  )`,
  'CREATE TABLE IF NOT EXISTS sites (site TEXT PRIMARY KEY, sender TEXT NOT NULL) WITHOUT ROWID',
]
