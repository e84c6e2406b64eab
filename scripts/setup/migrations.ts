/**
 * D1 migrations of a local database, with the same bookkeeping table as `wrangler d1 migrations
 * apply`, so that either may go first.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unstable_splitSqlQuery } from 'wrangler'

/** As much of a D1 database as migrating needs. */
type Database = {
  prepare(sql: string): Statement
  batch(statements: Statement[]): Promise<unknown>
}
type Statement = { bind(...values: unknown[]): Statement; all(): Promise<{ results: unknown[] }> }

/** Applies the migration files that the database has not seen, in order, each one whole. */
export async function migrateLocal(database: Database, folder: string): Promise<string[]> {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => name.endsWith('.sql'))
  await database
    .prepare(
      'CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, ' +
        'name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)',
    )
    .all()
  const { results } = await database.prepare('SELECT name FROM d1_migrations').all()
  const applied = new Set((results as { name: string }[]).map(({ name }) => name))
  const fresh = names.filter((name) => !applied.has(name)).sort()
  for (const name of fresh) {
    const sql = readFileSync(join(folder, name), 'utf8')
    await database.batch([
      ...unstable_splitSqlQuery(sql).map((query) => database.prepare(query)),
      database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
    ])
  }
  return fresh
}
