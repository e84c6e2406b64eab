/**
 * Counting: what happened at this site since it began, for `GET /metrics`. Jobs and payments are counted
 * by triggers of the database, in the very writes that change them, so that the counters can neither run
 * ahead of the rows nor fall behind them, and stay when old jobs are forgotten. Requests are told by the
 * gateway in heaps. Rules: workers/routes/contract-SPEC.md, METRICS.
 */
import {
  type CountReport,
  figureLimits,
  type RequestCount,
  type SiteTotals,
  type VitalCount,
} from '../../core/api/coordinator-figures.ts'
import { rowsOf, type SqlDatabase } from './schema.ts'

export type Counting = {
  readonly totals: () => SiteTotals
  readonly counted: () => CountReport
  /** Adds a report of the gateway, in one write. Labels beyond the bounds are left out. */
  readonly add: (report: CountReport) => void
}

/** Lays down tables and triggers; a database that has jobs already begins with what it holds. */
export function openCounting(database: SqlDatabase): Counting {
  const { sql } = database
  database.transactionSync(() => {
    for (const statement of tables) sql.exec(statement)
    if (rowsOf(database, 'SELECT 1 FROM site_totals').length === 0) sql.exec(firstTotals)
    for (const statement of triggers) sql.exec(statement)
  })
  const keyOf = (each: Omit<RequestCount, 'count'>): string =>
    `${each.method} ${each.endpoint} ${each.outcome}`
  const readRequests = (): RequestCount[] => rowsOf<RequestCount>(database, selectRequests)
  const known = new Set(readRequests().map(keyOf))
  const isFine = (label: string): boolean =>
    label.length > 0 && label.length <= figureLimits.labelCharsMax
  /** Whether these labels are counted already, or may be from now on. */
  const takes = (each: RequestCount): boolean => {
    if (known.has(keyOf(each))) return true
    if (known.size >= figureLimits.requestLabelsMax) return false
    return isFine(each.endpoint) && isFine(each.method)
  }
  return {
    totals: () => totalsOf(rowsOf<TotalsRow>(database, selectTotals)[0] as TotalsRow),
    counted: () => ({
      requests: readRequests(),
      vitals: rowsOf<VitalCount>(database, selectVitals),
    }),
    add: ({ requests, vitals }) => {
      const taken = requests.slice(0, figureLimits.reportMax).filter(takes)
      database.transactionSync(() => {
        for (const { endpoint, method, outcome, count } of taken) {
          sql.exec(addRequests, endpoint, method, outcome, count)
        }
        for (const { name, count, sum } of vitals.slice(0, figureLimits.vitalsMax)) {
          if (isFine(name)) sql.exec(addVitals, name, count, sum)
        }
      })
      for (const each of taken) known.add(keyOf(each))
    },
  }
}

type TotalsRow = Readonly<
  Record<Exclude<keyof SiteTotals, 'charged' | 'settledUnits'>, number> &
    Record<'charged' | 'settledUnits', string>
>

const totalsOf = (row: TotalsRow): SiteTotals => ({
  ...row,
  charged: BigInt(row.charged),
  settledUnits: BigInt(row.settledUnits),
})

const tables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS site_totals (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    jobs INTEGER NOT NULL,
    completed INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    canceled INTEGER NOT NULL,
    expired INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    charged INTEGER NOT NULL,
    settled INTEGER NOT NULL,
    settled_units INTEGER NOT NULL,
    unpayable INTEGER NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS request_counts (
    endpoint TEXT NOT NULL,
    method TEXT NOT NULL,
    outcome TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (endpoint, method, outcome)
  ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS vital_counts (
    name TEXT PRIMARY KEY,
    count INTEGER NOT NULL,
    sum REAL NOT NULL
  ) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS results_by_miner ON results (miner_id)',
]

const ended = (state: string, life: string): string =>
  `sum(json_extract(${life}, '$.state') = '${state}')`

/** What rows of before there were counters say. */
const firstTotals = `INSERT INTO site_totals SELECT 1,
  (SELECT count(*) FROM jobs),
  ${['completed', 'failed', 'canceled', 'expired']
    .map((state) => `(SELECT coalesce(${ended(state, 'life')}, 0) FROM lives WHERE open <> 1)`)
    .join(', ')},
  (SELECT coalesce(sum(prompt_tokens), 0) FROM results),
  (SELECT coalesce(sum(completion_tokens), 0) FROM results),
  (SELECT coalesce(sum(amount), 0) FROM payments WHERE state IN ('due', 'sent', 'settled', 'unpayable')),
  (SELECT count(*) FROM payments WHERE state = 'settled'),
  (SELECT coalesce(sum(amount), 0) FROM payments WHERE state = 'settled'),
  (SELECT count(*) FROM payments WHERE state = 'unpayable')`

const stateOfNew = "json_extract(NEW.life, '$.state')"

const triggers: readonly string[] = [
  `CREATE TRIGGER IF NOT EXISTS count_job AFTER INSERT ON jobs BEGIN
    UPDATE site_totals SET jobs = jobs + 1;
  END`,
  `CREATE TRIGGER IF NOT EXISTS count_end AFTER UPDATE OF open ON lives
    WHEN OLD.open = 1 AND NEW.open <> 1 BEGIN
    UPDATE site_totals SET
      completed = completed + (${stateOfNew} = 'completed'),
      failed = failed + (${stateOfNew} = 'failed'),
      canceled = canceled + (${stateOfNew} = 'canceled'),
      expired = expired + (${stateOfNew} = 'expired');
  END`,
  `CREATE TRIGGER IF NOT EXISTS count_result AFTER INSERT ON results BEGIN
    UPDATE site_totals SET prompt_tokens = prompt_tokens + NEW.prompt_tokens,
      completion_tokens = completion_tokens + NEW.completion_tokens;
  END`,
  // What is held is charged when it is released, and not before.
  `CREATE TRIGGER IF NOT EXISTS count_payment AFTER INSERT ON payments
    WHEN NEW.state IN ('due', 'settled') BEGIN
    UPDATE site_totals SET charged = charged + NEW.amount, settled = settled + (NEW.state = 'settled'),
      settled_units = settled_units + iif(NEW.state = 'settled', NEW.amount, 0);
  END`,
  `CREATE TRIGGER IF NOT EXISTS count_released AFTER UPDATE OF state ON payments
    WHEN OLD.state = 'held' AND NEW.state IN ('due', 'settled') BEGIN
    UPDATE site_totals SET charged = charged + NEW.amount;
  END`,
  `CREATE TRIGGER IF NOT EXISTS count_settled AFTER UPDATE OF state ON payments
    WHEN NEW.state = 'settled' AND OLD.state <> 'settled' BEGIN
    UPDATE site_totals SET settled = settled + 1, settled_units = settled_units + NEW.amount;
  END`,
  `CREATE TRIGGER IF NOT EXISTS count_unpayable AFTER UPDATE OF state ON payments
    WHEN NEW.state = 'unpayable' AND OLD.state <> 'unpayable' BEGIN
    UPDATE site_totals SET unpayable = unpayable + 1;
  END`,
]

/** Sums of money as text: a JavaScript number might not hold them. */
const selectTotals = `SELECT jobs, completed, failed, canceled, expired,
  prompt_tokens AS promptTokens, completion_tokens AS completionTokens,
  CAST(charged AS TEXT) AS charged, settled, CAST(settled_units AS TEXT) AS settledUnits, unpayable
  FROM site_totals`
const selectRequests =
  'SELECT endpoint, method, outcome, count FROM request_counts ORDER BY endpoint, method, outcome'
const selectVitals = 'SELECT name, count, sum FROM vital_counts ORDER BY name'
const addRequests = `INSERT INTO request_counts VALUES (?, ?, ?, ?)
  ON CONFLICT (endpoint, method, outcome) DO UPDATE SET count = count + excluded.count`
const addVitals = `INSERT INTO vital_counts VALUES (?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET count = count + excluded.count, sum = sum + excluded.sum`
