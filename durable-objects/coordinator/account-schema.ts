/**
 * Tables of accounts and of administration in the coordinator's database, with the triggers that keep sums
 * and forbid to rewrite the audit log. What each column holds stands in docs/storage.md.
 */
import type { SqlDatabase } from './schema.ts'

/** Lays down the tables and triggers that are not there. */
export function createAccountTables(database: SqlDatabase): void {
  database.transactionSync(() => {
    for (const statement of [...tables, ...triggers]) database.sql.exec(statement)
  })
}

const tables: readonly string[] = [
  // Keys of accounts; of a secret there is a keyed hash alone
  `CREATE TABLE IF NOT EXISTS account_keys (
    key_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    payout BLOB,
    budget TEXT,
    delegate_public BLOB,
    delegate_sealed BLOB,
    pending_escrow BLOB,
    pending_until_ms INTEGER,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    revoked_at_ms INTEGER,
    revoked_by TEXT,
    used_at_ms INTEGER
  ) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS account_keys_by_owner ON account_keys (owner, created_at_ms)',
  `CREATE INDEX IF NOT EXISTS account_keys_pending ON account_keys (key_id)
    WHERE pending_escrow IS NOT NULL`,
  `CREATE TABLE IF NOT EXISTS account_secrets (
    digest TEXT PRIMARY KEY,
    key_id TEXT NOT NULL,
    secret_id TEXT NOT NULL,
    hint TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    until_ms INTEGER
  ) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS account_secrets_by_key ON account_secrets (key_id, created_at_ms)',
  `CREATE TABLE IF NOT EXISTS account_pepper (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    sealed BLOB NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS account_users (
    address TEXT PRIMARY KEY,
    first_seen_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL
  ) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS account_users_seen ON account_users (seen_ms, address)',

  // Sums by client, day and model: they stay when the jobs are forgotten
  `CREATE TABLE IF NOT EXISTS usage_daily (
    client TEXT NOT NULL,
    day TEXT NOT NULL,
    model TEXT NOT NULL,
    jobs INTEGER NOT NULL,
    completed INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    PRIMARY KEY (client, day, model)
  ) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS usage_by_day ON usage_daily (day)',

  // What administrators did, and how miners stand by it
  `CREATE TABLE IF NOT EXISTS audit_log (
    entry INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    reason TEXT NOT NULL,
    details TEXT NOT NULL
  )`,
  // What the market follows
  `CREATE INDEX IF NOT EXISTS audit_withdrawals ON audit_log (entry)
    WHERE action = 'offer.withdraw'`,
  `CREATE TABLE IF NOT EXISTS miner_standings (
    identity TEXT PRIMARY KEY,
    miner_id TEXT NOT NULL,
    standing TEXT NOT NULL,
    reason TEXT NOT NULL,
    since_ms INTEGER NOT NULL
  ) WITHOUT ROWID`,
]

/** Models of one client that one day tells apart, and the name of all others: these rows stay for good. */
export const modelsPerDayMax = 64
export const otherModels = '(other)'

/** Adds to the sums of a job's client, day and model. `values`: jobs, completed, tokens, spent. */
const addUsage = (of: {
  readonly jobId: string
  readonly atMs: string
  readonly values: string
}): string => `INSERT INTO usage_daily
    SELECT client, day, iif(EXISTS (SELECT 1 FROM usage_daily AS known
        WHERE known.client = job.client AND known.day = job.day AND known.model = job.model)
      OR (SELECT count(*) FROM usage_daily AS known
        WHERE known.client = job.client AND known.day = job.day) < ${modelsPerDayMax},
      model, '${otherModels}'), ${of.values}
    FROM (SELECT client, model, date(${of.atMs} / 1000, 'unixepoch') AS day
      FROM jobs WHERE job_id = ${of.jobId}) AS job WHERE true
    ON CONFLICT (client, day, model) DO UPDATE SET jobs = jobs + excluded.jobs,
    completed = completed + excluded.completed,
    prompt_tokens = prompt_tokens + excluded.prompt_tokens,
    completion_tokens = completion_tokens + excluded.completion_tokens,
    spent = spent + excluded.spent;`

/** A charge counts from its release until it is known that it cannot be paid. */
const counts = (state: string): string => `(${state} IN ('due', 'sent', 'settled'))`

const triggers: readonly string[] = [
  `CREATE TRIGGER IF NOT EXISTS use_end AFTER UPDATE OF open ON lives
    WHEN OLD.open = 1 AND NEW.open <> 1 BEGIN
    ${addUsage({
      jobId: 'NEW.job_id',
      atMs: 'NEW.ended_at_ms',
      values: "1, json_extract(NEW.life, '$.state') = 'completed', 0, 0, 0",
    })}
  END`,
  // The day is that of the job's end, also where a part is signed for after midnight.
  `CREATE TRIGGER IF NOT EXISTS use_result AFTER INSERT ON results BEGIN
    ${addUsage({
      jobId: 'NEW.job_id',
      atMs: '(SELECT ended_at_ms FROM lives WHERE job_id = NEW.job_id)',
      values: '0, 0, NEW.prompt_tokens, NEW.completion_tokens, 0',
    })}
  END`,
  `CREATE TRIGGER IF NOT EXISTS use_payment AFTER INSERT ON payments
    WHEN ${counts('NEW.state')} BEGIN
    ${addUsage({
      jobId: 'NEW.job_id',
      atMs: '(SELECT ended_at_ms FROM lives WHERE job_id = NEW.job_id)',
      values: '0, 0, 0, 0, NEW.amount',
    })}
  END`,
  `CREATE TRIGGER IF NOT EXISTS use_change AFTER UPDATE OF state ON payments
    WHEN ${counts('NEW.state')} <> ${counts('OLD.state')} BEGIN
    ${addUsage({
      jobId: 'NEW.job_id',
      atMs: '(SELECT ended_at_ms FROM lives WHERE job_id = NEW.job_id)',
      values: `0, 0, 0, 0, NEW.amount * (${counts('NEW.state')} - ${counts('OLD.state')})`,
    })}
  END`,
  `CREATE TRIGGER IF NOT EXISTS audit_stays BEFORE UPDATE ON audit_log BEGIN
    SELECT RAISE(ABORT, 'the audit log is not changed');
  END`,
  // What replaces a row would remove it without a word.
  `CREATE TRIGGER IF NOT EXISTS audit_follows BEFORE INSERT ON audit_log
    WHEN NEW.entry IN (SELECT entry FROM audit_log) BEGIN
    SELECT RAISE(ABORT, 'the audit log is not rewritten');
  END`,
  `CREATE TRIGGER IF NOT EXISTS audit_remains BEFORE DELETE ON audit_log BEGIN
    SELECT RAISE(ABORT, 'the audit log is not shortened');
  END`,
]
