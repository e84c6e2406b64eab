/** D1 in the stand-in of Cloudflare's API: every database is a real SQLite database in memory. */
import { createHash, randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { unstable_splitSqlQuery } from 'wrangler'
import { type Call, CloudflareFault, type Handlers, jsonOf } from './cloudflare-call.ts'

export type RemoteDatabase = {
  readonly uuid: string
  readonly name: string
  readonly created_at: string
  readonly sqlite: DatabaseSync
}

/** The answers for `wrangler d1 …`; the databases are kept in the given map, by uuid. */
export function d1Handlers(databases: Map<string, RemoteDatabase>): Handlers {
  const uploads = new Map<string, string>()
  const databaseOf = ({ params }: Call): RemoteDatabase => {
    const wanted = params.database ?? ''
    const found = [...databases.values()].find(({ uuid, name }) => [uuid, name].includes(wanted))
    if (!found) throw new CloudflareFault(404, 7404, `The database ${wanted} could not be found`)
    return found
  }
  return {
    'POST /accounts/:account/d1/database': (call) => {
      const { name } = jsonOf<{ name: string }>(call)
      if ([...databases.values()].some((database) => database.name === name)) {
        throw new CloudflareFault(400, 7502, `database with name '${name}' already exists`)
      }
      const database = {
        uuid: randomUUID(),
        name,
        created_at: new Date().toISOString(),
        sqlite: new DatabaseSync(':memory:'),
      }
      databases.set(database.uuid, database)
      return described(database)
    },
    'GET /accounts/:account/d1/database': ({ query }) => {
      const size = Number(query.get('per_page') ?? 10)
      const begin = (Number(query.get('page') ?? 1) - 1) * size
      return [...databases.values()].slice(begin, begin + size).map(described)
    },
    'GET /accounts/:account/d1/database/:database': (call) => described(databaseOf(call)),
    'POST /accounts/:account/d1/database/:database/query': (call) => {
      return runSql(databaseOf(call), jsonOf<{ sql: string }>(call).sql)
    },
    'POST /accounts/:account/d1/database/:database/import': (call) => {
      const database = databaseOf(call)
      const asked = jsonOf<{ action: string; etag: string; filename?: string }>(call)
      if (asked.action === 'init') {
        const filename = `${database.uuid}-${asked.etag}.sql`
        return { success: true, filename, upload_url: `${call.origin}/uploads/${filename}` }
      }
      const sql = uploads.get(asked.filename ?? '')
      if (asked.action !== 'ingest' || sql === undefined) {
        throw new CloudflareFault(400, 7400, `there is no file to ${asked.action}`)
      }
      const results = runSql(database, sql)
      const total = (key: 'rows_read' | 'rows_written') =>
        results.reduce((sum, { meta }) => sum + meta[key], 0)
      const meta = {
        duration: 1,
        rows_read: total('rows_read'),
        rows_written: total('rows_written'),
        size_after: sizeOf(database),
      }
      const result = { num_queries: results.length, final_bookmark: randomUUID(), meta }
      return { success: true, status: 'complete', messages: [], type: 'import', result }
    },
    'PUT /uploads/:file': ({ params, body }) => {
      uploads.set(params.file ?? '', body.toString())
      return { etag: createHash('md5').update(body).digest('hex') }
    },
  }
}

function described({ sqlite: _, ...rest }: RemoteDatabase) {
  return { ...rest, version: 'production', num_tables: 0, file_size: 0 }
}

/** Runs statements as D1 does: all of them or none. */
function runSql({ sqlite, ...database }: RemoteDatabase, sql: string) {
  sqlite.exec('BEGIN')
  try {
    const results = unstable_splitSqlQuery(sql).map((query) => {
      const before = changesOf(sqlite)
      const rows = sqlite.prepare(query).all()
      const changes = changesOf(sqlite) - before
      const meta = {
        duration: 0.1,
        changes,
        rows_read: rows.length,
        rows_written: changes,
        size_after: sizeOf({ sqlite, ...database }),
      }
      return { success: true, results: rows, meta }
    })
    sqlite.exec('COMMIT')
    return results
  } catch (error) {
    sqlite.exec('ROLLBACK')
    throw new CloudflareFault(400, 7500, `${(error as Error).message}: SQLITE_ERROR`)
  }
}

function changesOf(sqlite: DatabaseSync): number {
  return Number(sqlite.prepare('SELECT total_changes() AS n').get()?.n)
}

function sizeOf({ sqlite }: RemoteDatabase): number {
  return Number(sqlite.prepare('PRAGMA page_count').get()?.page_count) * 4_096
}
