/** How rows are laid out and found: what keeps a site with months of jobs as fast as a new one. */
import { expect, test } from 'vitest'
import { newId } from '../../../durable-objects/coordinator/ids.ts'
import { createTables } from '../../../durable-objects/coordinator/schema.ts'
import { selectDue, selectExpired } from '../../../durable-objects/coordinator/settlement-rows.ts'
import { createSqliteStorage } from '../../support/sqlite-storage.ts'

test('STORE-6: ids are 32 hex digits that rise with time, and no two are the same', () => {
  const times = [0, 1, 1_790_000_000_000, 1_790_000_000_001, 2 ** 48 - 1]
  const ids = times.map(newId)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/)
  expect([...ids].sort()).toEqual(ids)
  const atOnce = Array.from({ length: 1_000 }, () => newId(1_790_000_000_000))
  expect(new Set(atOnce).size).toBe(atOnce.length)
})

test('STORE-7: what is due is found without reading what was paid', () => {
  const database = createSqliteStorage()
  createTables(database)
  const planOf = (query: string, ...bindings: number[]) =>
    (
      database.sql.exec(`EXPLAIN QUERY PLAN ${query}`, ...bindings).toArray() as {
        detail: string
      }[]
    )
      .map(({ detail }) => detail)
      .join('\n')
  for (const plan of [planOf(selectDue, 1, 64), planOf(selectExpired, 1)]) {
    expect(plan).toMatch(/SEARCH payments USING (?:COVERING )?INDEX payments_due/)
    expect(plan).not.toMatch(/SCAN|TEMP B-TREE/)
  }
  database.close()
})
