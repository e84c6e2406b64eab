import { expect, test } from 'vitest'
import { ok } from '../../../core/base/result.ts'
import { openIdempotencies } from '../../../durable-objects/coordinator/idempotency.ts'
import { coordinatorLimits } from '../../../durable-objects/coordinator/limits.ts'
import { createTables } from '../../../durable-objects/coordinator/schema.ts'
import { createSqliteStorage } from '../../support/sqlite-storage.ts'

test('ONCE-3: a client that floods the site with keys displaces its own, and nobody else’s', async () => {
  const database = createSqliteStorage()
  createTables(database)
  const nowMs = 1_000_000
  const idempotency = openIdempotencies({ database, now: () => nowMs })
  const given = { key: 'k', fingerprint: 'f' }
  idempotency.write('honest', given, 'the first answer')
  database.sql.exec(
    `INSERT INTO idempotency WITH RECURSIVE
       copies(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < ?)
     SELECT 'flood', 'k' || n, 'f', '""', ? + n FROM copies`,
    coordinatorLimits.idempotencyKept + 10,
    nowMs,
  )
  idempotency.sweep(nowMs)
  const [kept] = database.sql.exec('SELECT count(*) AS n FROM idempotency').toArray()
  expect(kept).toEqual({ n: coordinatorLimits.idempotencyKept })
  const again = await idempotency.once('honest', given, async () => ok('another'))
  expect(again).toEqual(ok('the first answer'))
})
