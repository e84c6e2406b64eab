/**
 * Tables of the coordinator. What each column holds, and who writes it, stands in docs/storage.md.
 */

/** As much of a Durable Object's storage as the adapters need. */
export type SqlDatabase = {
  readonly sql: Pick<SqlStorage, 'exec'>
  readonly transactionSync: <T>(action: () => T) => T
}

/** Lays down the tables that are not there. */
export function createTables(database: SqlDatabase): void {
  database.transactionSync(() => {
    for (const statement of tables) database.sql.exec(statement)
  })
}

/** Adds a column to a table of an earlier version; true where it was missing. */
export function addColumn(
  database: SqlDatabase,
  { table, name, type }: { readonly table: string; readonly name: string; readonly type: string },
): boolean {
  const has = 'SELECT 1 FROM pragma_table_info(?) WHERE name = ?'
  if (rowsOf(database, has, table, name).length > 0) return false
  database.sql.exec(`ALTER TABLE ${table} ADD COLUMN ${name} ${type}`)
  return true
}

/** All rows of a query, typed by its caller, who wrote the query. */
export const rowsOf = <Row>(
  database: SqlDatabase,
  query: string,
  ...bindings: (SqlStorageValue | Uint8Array)[]
): Row[] => database.sql.exec(query, ...bindings).toArray() as unknown as Row[]

/** A BLOB column: written as bytes, read as a buffer. */
export type Blob = ArrayBuffer | Uint8Array

/** Bytes of a BLOB column. */
export const bytesOf = (blob: Blob): Uint8Array => new Uint8Array(blob)

const tables: readonly string[] = [
  // Who may call
  `CREATE TABLE IF NOT EXISTS api_keys (
    digest TEXT NOT NULL,
    scope TEXT NOT NULL,
    public_id TEXT NOT NULL UNIQUE,
    delegate_public BLOB,
    delegate_sealed BLOB,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (digest, scope)
  ) WITHOUT ROWID`,

  // The account and the escrow behind a client key
  `CREATE TABLE IF NOT EXISTS custody (
    owner TEXT PRIMARY KEY,
    account_public BLOB,
    account_sealed BLOB,
    escrow BLOB,
    step TEXT NOT NULL,
    transactions TEXT NOT NULL,
    fault TEXT
  ) WITHOUT ROWID`,

  // Jobs: what was asked never changes; how it goes does
  `CREATE TABLE IF NOT EXISTS jobs (
    seq INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL UNIQUE,
    client TEXT NOT NULL,
    model TEXT NOT NULL,
    ask TEXT NOT NULL,
    spec BLOB NOT NULL,
    escrow TEXT NOT NULL,
    number TEXT NOT NULL,
    authorisation BLOB NOT NULL,
    authorisation_signature BLOB NOT NULL,
    UNIQUE (escrow, number)
  )`,
  'CREATE INDEX IF NOT EXISTS jobs_by_client ON jobs (client, seq)',
  `CREATE TABLE IF NOT EXISTS lives (
    job_id TEXT PRIMARY KEY,
    open INTEGER NOT NULL,
    ended_at_ms INTEGER,
    life TEXT NOT NULL
  ) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS lives_open ON lives (job_id) WHERE open = 1',
  'CREATE INDEX IF NOT EXISTS lives_ended ON lives (ended_at_ms) WHERE open = 0',
  'CREATE INDEX IF NOT EXISTS lives_unpaid ON lives (ended_at_ms) WHERE open = 2',
  `CREATE TABLE IF NOT EXISTS attempt_text (
    job_id TEXT NOT NULL,
    attempt_id TEXT NOT NULL,
    until_seq INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (job_id, attempt_id, until_seq)
  ) WITHOUT ROWID`,

  // What came back, and its payment
  `CREATE TABLE IF NOT EXISTS results (
    job_id TEXT PRIMARY KEY,
    attempt_id TEXT NOT NULL,
    miner_id TEXT NOT NULL,
    result TEXT NOT NULL,
    answer TEXT NOT NULL,
    finish TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    receipt_id TEXT NOT NULL,
    receipt_hash BLOB NOT NULL,
    legacy_text TEXT NOT NULL,
    canonical BLOB NOT NULL,
    miner_signature BLOB,
    release BLOB NOT NULL,
    release_signature BLOB NOT NULL
  ) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS results_by_attempt ON results (attempt_id)',
  'CREATE INDEX IF NOT EXISTS results_by_receipt ON results (receipt_id)',
  `CREATE TABLE IF NOT EXISTS payments (
    job_id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    amount INTEGER NOT NULL,
    settle_by INTEGER NOT NULL,
    released_at_ms INTEGER NOT NULL,
    batch INTEGER,
    reason TEXT,
    tx_hash BLOB,
    height INTEGER
  ) WITHOUT ROWID`,
  // No query of ours was helped by the index over what is due and what is sent.
  'DROP INDEX IF EXISTS payments_open',
  "CREATE INDEX IF NOT EXISTS payments_due ON payments (settle_by) WHERE state = 'due'",
  "CREATE INDEX IF NOT EXISTS payments_held ON payments (job_id) WHERE state = 'held'",
  `CREATE TABLE IF NOT EXISTS parts (
    job_id TEXT PRIMARY KEY,
    attempt_id TEXT NOT NULL,
    miner_id TEXT NOT NULL,
    next_seq INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    until_ms INTEGER NOT NULL
  ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS held (
    job_id TEXT PRIMARY KEY,
    miner_id TEXT NOT NULL,
    reasons TEXT NOT NULL,
    amount INTEGER NOT NULL,
    held_at_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    decision TEXT,
    decided_at_ms INTEGER,
    decided_by TEXT,
    why TEXT
  ) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS held_by_miner ON held (miner_id, held_at_ms)',
  'CREATE INDEX IF NOT EXISTS held_open ON held (held_at_ms) WHERE decision IS NULL',
  `CREATE TABLE IF NOT EXISTS escrows (
    escrow TEXT PRIMARY KEY,
    look_slot INTEGER NOT NULL
  ) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS escrows_by_slot ON escrows (look_slot)',
  `CREATE TABLE IF NOT EXISTS miner_receipts (
    miner_id TEXT NOT NULL,
    height INTEGER NOT NULL,
    job_id TEXT NOT NULL UNIQUE,
    PRIMARY KEY (miner_id, height, job_id)
  ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS batches (
    batch INTEGER PRIMARY KEY AUTOINCREMENT,
    open INTEGER NOT NULL,
    nonce INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    tx_hash BLOB NOT NULL,
    bytes BLOB NOT NULL,
    jobs TEXT NOT NULL
  )`,
  'CREATE INDEX IF NOT EXISTS batches_open ON batches (batch) WHERE open = 1',

  // Submissions that must not be done twice
  `CREATE TABLE IF NOT EXISTS idempotency (
    client TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (client, key)
  ) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS idempotency_by_time ON idempotency (at_ms)',

  // News of ended jobs: what signs them, and what is to be delivered
  `CREATE TABLE IF NOT EXISTS webhook_secrets (
    client TEXT PRIMARY KEY,
    sealed BLOB NOT NULL,
    older BLOB,
    older_until_ms INTEGER
  ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS webhook_deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id TEXT NOT NULL UNIQUE,
    client TEXT NOT NULL,
    job_id TEXT NOT NULL,
    url TEXT NOT NULL,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at_ms INTEGER NOT NULL,
    last_status INTEGER,
    last_error TEXT,
    created_at_ms INTEGER NOT NULL
  )`,
  'CREATE INDEX IF NOT EXISTS webhooks_by_client ON webhook_deliveries (client, seq)',
  "CREATE INDEX IF NOT EXISTS webhooks_due ON webhook_deliveries (next_at_ms) WHERE state = 'due'",

  // How fast miners are, as measured here
  `CREATE TABLE IF NOT EXISTS speeds (
    miner_id TEXT NOT NULL,
    model TEXT NOT NULL,
    tokens_per_second REAL NOT NULL,
    first_token_ms REAL NOT NULL,
    samples INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (miner_id, model)
  ) WITHOUT ROWID`,

  // Miners, as they last introduced themselves
  `CREATE TABLE IF NOT EXISTS miners (
    miner_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    card TEXT NOT NULL,
    identity TEXT NOT NULL,
    seen_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID`,
]
