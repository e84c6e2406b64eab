/**
 * D1 migrations of a local database, with the same bookkeeping table as `wrangler d1 migrations
 * apply`, so that either may go first.
 */
import type { Migration } from './worker-settings.ts'

/** As much of a D1 database as migrating needs. */
type Database = {
  prepare(sql: string): Statement
  batch(statements: Statement[]): Promise<unknown>
}
type Statement = { bind(...values: unknown[]): Statement; all(): Promise<{ results: unknown[] }> }

/** Applies the migrations that the database has not seen, in order, each one whole. */
export async function migrateLocal(
  database: Database,
  migrations: readonly Migration[],
): Promise<void> {
  if (migrations.length === 0) return
  await database
    .prepare(
      'CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, ' +
        'name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)',
    )
    .all()
  const { results } = await database.prepare('SELECT name FROM d1_migrations').all()
  const applied = new Set((results as { name: string }[]).map(({ name }) => name))
  for (const { name, queries } of migrations) {
    if (applied.has(name)) continue
    await database.batch([
      ...queries.map((query) => database.prepare(query)),
      database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
    ])
  }
}
