/**
 * What was used and spent, by client, day and model. The rows are kept by triggers in the very writes that
 * end jobs and change payments (account-schema.ts), so that sums are exact and outlive the jobs.
 * Rules: SPEC.md, USAGE.
 */
import type { UsageQuestion, UsageRow } from '../../core/api/account-desk.ts'
import type { AnalyticsRow } from '../../core/api/admin-desk.ts'
import { rowsOf, type SqlDatabase } from './schema.ts'

export type Usage = ReturnType<typeof openUsage>

type SumRow = {
  readonly name: string
  readonly jobs: number
  readonly completed: number
  readonly prompt_tokens: number
  readonly completion_tokens: number
  /** Text: a sum may be more than a number holds. */
  readonly spent: string
}

export function openUsage(database: SqlDatabase) {
  const sums = (where: string, group: string, ...bindings: (string | number)[]): SumRow[] =>
    rowsOf<SumRow>(
      database,
      `SELECT ${group} AS name, sum(jobs) AS jobs, sum(completed) AS completed,
       sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens,
       CAST(sum(spent) AS TEXT) AS spent FROM usage_daily WHERE ${where}
       GROUP BY ${group} ORDER BY ${group}`,
      ...bindings,
    )
  return {
    /** What a client was charged in all, base units. */
    spentBy: (client: string): bigint =>
      BigInt(
        rowsOf<{ spent: string | null }>(
          database,
          'SELECT CAST(sum(spent) AS TEXT) AS spent FROM usage_daily WHERE client = ?',
          client,
        )[0]?.spent ?? '0',
      ),

    /** Charges of a client that wait for a decision, base units. */
    heldBackOf: (client: string): bigint =>
      BigInt(
        rowsOf<{ amount: string | null }>(
          database,
          `SELECT CAST(sum(amount) AS TEXT) AS amount FROM payments JOIN jobs USING (job_id)
           WHERE payments.state = 'held' AND client = ?`,
          client,
        )[0]?.amount ?? '0',
      ),

    /** Sums over these clients. */
    of: (clients: readonly string[], question: UsageQuestion): UsageRow[] => {
      const { from, to, groupBy, keyId, model } = question
      const of = keyId === undefined ? clients : clients.filter((each) => each === keyId)
      const column = { day: 'day', key: 'client', model: 'model' }[groupBy]
      const where = `client IN (SELECT value FROM json_each(?)) AND day BETWEEN ? AND ?
        ${model === undefined ? '' : 'AND model = ?'}`
      const more = model === undefined ? [] : [model]
      return sums(where, column, JSON.stringify(of), from, to, ...more).map((row) => ({
        day: groupBy === 'day' ? row.name : undefined,
        keyId: groupBy === 'key' ? row.name : undefined,
        model: groupBy === 'model' ? row.name : undefined,
        jobs: row.jobs,
        completed: row.completed,
        promptTokens: row.prompt_tokens,
        completionTokens: row.completion_tokens,
        spent: BigInt(row.spent),
      }))
    },

    /** Of the whole site since a day, by day and by model. */
    ofSite: (
      from: string,
    ): { readonly days: readonly AnalyticsRow[]; readonly models: readonly AnalyticsRow[] } => ({
      days: sums('day >= ?', 'day', from).map(analyticsOf),
      models: sums('day >= ?', 'model', from).map(analyticsOf),
    }),
  }
}

const analyticsOf = (row: SumRow): AnalyticsRow => ({
  name: row.name,
  jobs: row.jobs,
  completed: row.completed,
  promptTokens: row.prompt_tokens,
  completionTokens: row.completion_tokens,
  charged: BigInt(row.spent),
})
