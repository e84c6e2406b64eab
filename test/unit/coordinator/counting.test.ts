/** Counters of the coordinator, against the rows that they count. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { figureLimits } from '../../../core/api/coordinator-figures.ts'
import { openCounting } from '../../../durable-objects/coordinator/counting.ts'
import {
  createTables,
  rowsOf,
  type SqlDatabase,
} from '../../../durable-objects/coordinator/schema.ts'
import { createSqliteStorage } from '../../support/sqlite-storage.ts'

const opened = (): SqlDatabase & { close: () => void } => {
  const storage = createSqliteStorage()
  createTables(storage as unknown as SqlDatabase)
  return storage as unknown as SqlDatabase & { close: () => void }
}

/** The least that the tables take of a job. */
const put = (
  database: SqlDatabase,
  table: string,
  row: Readonly<Record<string, unknown>>,
): void => {
  const columns = rowsOf<{ name: string; notnull: number; type: string }>(
    database,
    `SELECT name, "notnull", type FROM pragma_table_info('${table}')`,
  )
  const values = columns.map(({ name, type, notnull }) => {
    if (name in row) return row[name]
    if (notnull === 0) return null
    return type === 'BLOB' ? new Uint8Array(1) : type === 'TEXT' ? String(row['job_id']) : 0
  })
  const marks = values.map(() => '?').join(', ')
  const names = columns.map(({ name }) => name).join(', ')
  database.sql.exec(`INSERT INTO ${table} (${names}) VALUES (${marks})`, ...(values as never[]))
}

const submit = (database: SqlDatabase, id: string): void => {
  put(database, 'jobs', { seq: null, job_id: id })
  put(database, 'lives', { job_id: id, open: 1, ended_at_ms: null, life: '{"state":"queued"}' })
}

const end = (database: SqlDatabase, id: string, state: string): void => {
  const open = state === 'completed' ? 0 : 2
  const query = 'UPDATE lives SET open = ?, ended_at_ms = 1, life = ? WHERE job_id = ?'
  // As the store does it, every time it writes a life.
  database.sql.exec(query, open, JSON.stringify({ state }), id)
  database.sql.exec(query, open, JSON.stringify({ state }), id)
}

const pay = (database: SqlDatabase, id: string, amount: number, to: string): void => {
  put(database, 'results', { job_id: id, amount, prompt_tokens: 3, completion_tokens: 5 })
  put(database, 'payments', { job_id: id, state: 'due', amount })
  for (const state of ['sent', to]) {
    database.sql.exec('UPDATE payments SET state = ? WHERE job_id = ?', state, id)
  }
}

/** The same from the rows themselves. */
function truthOf(database: SqlDatabase) {
  const one = <T>(query: string): T =>
    Object.values(rowsOf<Record<string, T>>(database, query)[0] ?? {})[0] as T
  const ended = (state: string) =>
    one<number>(`SELECT count(*) FROM lives WHERE json_extract(life, '$.state') = '${state}'`)
  const sum = (what: string) => one<number>(`SELECT coalesce(sum(${what}), 0) FROM results`)
  const settled = "FROM payments WHERE state = 'settled'"
  return {
    jobs: one<number>('SELECT count(*) FROM jobs'),
    completed: ended('completed'),
    failed: ended('failed'),
    canceled: ended('canceled'),
    expired: ended('expired'),
    promptTokens: sum('prompt_tokens'),
    completionTokens: sum('completion_tokens'),
    charged: BigInt(sum('amount')),
    settled: one<number>(`SELECT count(*) ${settled}`),
    settledUnits: BigInt(one<number>(`SELECT coalesce(sum(amount), 0) ${settled}`)),
    unpayable: one<number>("SELECT count(*) FROM payments WHERE state = 'unpayable'"),
  }
}

const jobs = fc.array(
  fc.record({
    state: fc.constantFrom('open', 'completed', 'failed', 'canceled', 'expired'),
    amount: fc.integer({ min: 0, max: 10 ** 12 }),
    to: fc.constantFrom('settled', 'unpayable', 'sent'),
  }),
  { maxLength: 12 },
)

const play = (
  database: SqlDatabase,
  list: readonly { state: string; amount: number; to: string }[],
  from: number,
) => {
  for (const [index, { state, amount, to }] of list.entries()) {
    const id = `job ${from + index}`
    submit(database, id)
    if (state === 'open') continue
    if (state === 'completed') pay(database, id, amount, to)
    end(database, id, state)
  }
}

test('METRICS-2: counters equal the rows after every step, also of rows from before', () => {
  fc.assert(
    fc.property(jobs, jobs, (before, after) => {
      const database = opened()
      play(database, before, 0)
      openCounting(database)
      play(database, after, before.length)
      // A second start counts nothing twice.
      const counting = openCounting(database)
      expect(counting.totals()).toEqual(truthOf(database))
      database.close()
    }),
    { numRuns: 60 },
  )
})

test('METRICS-2: a write that is taken back is not counted, and what is forgotten stays counted', () => {
  const database = opened()
  const counting = openCounting(database)
  const undone = () =>
    database.transactionSync(() => {
      submit(database, 'undone')
      throw new Error('no')
    })
  expect(undone).toThrow('no')
  expect(counting.totals().jobs).toBe(0)
  play(database, [{ state: 'completed', amount: 7, to: 'settled' }], 0)
  const truth = truthOf(database)
  for (const table of ['payments', 'results', 'lives', 'jobs'])
    database.sql.exec(`DELETE FROM ${table}`)
  expect(counting.totals()).toEqual(truth)
  expect(counting.totals().settledUnits).toBe(7n)
})

test('METRICS-2: what is held is charged when it is released', () => {
  const database = opened()
  const counting = openCounting(database)
  put(database, 'payments', { job_id: 'held', state: 'held', amount: 9 })
  expect(counting.totals().charged).toBe(0n)
  database.sql.exec("UPDATE payments SET state = 'due'")
  expect(counting.totals().charged).toBe(9n)
})

test('METRICS-4: reports add up, and labels beyond the bounds are left out', () => {
  const counting = openCounting(opened())
  const one = (endpoint: string) => ({ endpoint, method: 'GET', outcome: 'ok' as const, count: 2 })
  counting.add({ requests: [one('/jobs')], vitals: [{ name: 'LCP', count: 1, sum: 1.5 }] })
  counting.add({
    requests: [one('/jobs'), one('x'.repeat(200))],
    vitals: [{ name: 'LCP', count: 1, sum: 1 }],
  })
  expect(counting.counted()).toEqual({
    requests: [{ ...one('/jobs'), count: 4 }],
    vitals: [{ name: 'LCP', count: 2, sum: 2.5 }],
  })
  const { requestLabelsMax } = figureLimits
  for (let from = 0; from < requestLabelsMax + 100; from += 512) {
    const requests = Array.from({ length: 512 }, (_, index) => one(`/route/${from + index}`))
    counting.add({ requests, vitals: [] })
  }
  expect(counting.counted().requests.length).toBeLessThanOrEqual(requestLabelsMax + 512)
  counting.add({ requests: [one('/jobs'), one('/new')], vitals: [] })
  const { requests } = counting.counted()
  expect(requests.find(({ endpoint }) => endpoint === '/jobs')?.count).toBe(6)
  expect(requests.find(({ endpoint }) => endpoint === '/new')).toBeUndefined()
})
