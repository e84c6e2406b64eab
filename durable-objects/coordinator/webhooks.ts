/**
 * Webhooks: news of jobs that have ended. What is to be delivered is written with the end itself, so that
 * no kill loses it, and tried until it is taken or given up; a receiver may get it twice, under one id.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { WebhookDelivery } from '../../core/api/dispatch.ts'
import { toHex } from '../../core/base/bytes.ts'
import {
  webhookBody,
  webhookEventOf,
  webhookLimits,
  webhookPauseMs,
  webhookSigned,
} from '../../core/jobs/webhook.ts'
import type { LiveJob } from './job-store.ts'
import { coordinatorLimits as limits } from './limits.ts'
import { type Blob, bytesOf, rowsOf, type SqlDatabase } from './schema.ts'
import type { Vault } from './sealing.ts'

export type WebhookParts = {
  readonly database: SqlDatabase
  readonly vault: Vault
  readonly now: () => number
  readonly wakeAt: (dueAtMs: number) => void
  /** Posts to the outside. */
  readonly post: typeof fetch
}

export type Webhooks = ReturnType<typeof openWebhooks>

export function openWebhooks(parts: WebhookParts) {
  const { database, vault, now, wakeAt } = parts
  /** Deliveries under way, with their clients. */
  const running = new Map<string, string>()
  resealSecrets(database, vault)

  const secretsOf = (client: string): Uint8Array[] => {
    const row = rowsOf<SecretRow>(database, selectSecret, client)[0]
    if (!row) return []
    const isOlderGood = row.older !== null && (row.older_until_ms ?? 0) > now()
    const sealed = isOlderGood ? [row.sealed, row.older as Blob] : [row.sealed]
    const label = { owner: client, purpose: 'webhook' } as const
    return sealed.flatMap((blob) => vault.open(bytesOf(blob), label) ?? [])
  }

  const deliver = async (row: DeliveryRow): Promise<void> => {
    let status: number | undefined
    let fault: string | undefined
    try {
      const headers = headersOf(row, secretsOf(row.client), now())
      const answer = await parts.post(row.url, {
        method: 'POST',
        headers,
        body: row.body,
        redirect: 'manual',
        signal: AbortSignal.timeout(limits.webhookTimeoutMs),
      })
      status = answer.status
      await answer.body?.cancel()
      if (status < 200 || status > 299) fault = `answered ${status}`
    } catch (error) {
      fault =
        error instanceof Error && error.name === 'TimeoutError'
          ? 'no answer in time'
          : 'cannot be reached'
    }
    noted(row, status, fault)
  }

  const noted = (row: DeliveryRow, status: number | undefined, fault: string | undefined): void => {
    const attempts = row.attempts + 1
    // 410: the receiver says that it wants no more.
    const pauseMs = fault === undefined || status === 410 ? undefined : webhookPauseMs(attempts)
    const state = fault === undefined ? 'delivered' : pauseMs === undefined ? 'failed' : 'due'
    const nextAtMs = now() + (pauseMs ?? 0)
    database.sql.exec(update, state, attempts, nextAtMs, status ?? null, fault ?? null, row.seq)
    if (state === 'due') wakeAt(nextAtMs)
  }

  /** No pause reaches beyond this: what is due later was noted before the clock was set back. */
  const latestMs = (): number => now() + Math.max(...webhookLimits.pausesMs)

  const start = (row: DeliveryRow): void => {
    running.set(row.delivery_id, row.client)
    deliver(row)
      .catch((error) => {
        console.error(JSON.stringify({ msg: 'webhook not noted', error: String(error) }))
      })
      .finally(() => {
        running.delete(row.delivery_id)
        wakeAt(now())
      })
  }

  /** Starts the next one of a client that has not its share under way; false when there is none. */
  const startNext = (): boolean => {
    const shares = new Map<string, number>()
    for (const client of running.values()) shares.set(client, (shares.get(client) ?? 0) + 1)
    const busy = [...shares].filter(([, count]) => count >= limits.webhooksPerClientAtOnce)
    // Those under way are due as well until their end is noted.
    const skipped = JSON.stringify([...running.keys()])
    const clients = JSON.stringify(busy.map(([client]) => client))
    const [row] = rowsOf<DeliveryRow>(database, selectDue, now(), latestMs(), clients, skipped)
    if (row) start(row)
    return row !== undefined
  }

  const due = rowsOf<{ at: number | null }>(database, selectNextDue)[0]?.at
  if (typeof due === 'number') wakeAt(due)

  return {
    /** Writes the news of a job that ends; inside the write that ends it. */
    write: ({ ask, life }: Pick<LiveJob, 'ask' | 'life'>): void => {
      const event = webhookEventOf(life)
      if (!ask.webhook || !event) return
      const nowMs = now()
      const id = `msg_${toHex(new Uint8Array(randomBytes(16)))}`
      const body = JSON.stringify(webhookBody(event, life, nowMs))
      database.sql.exec(
        insert,
        id,
        ask.client,
        ask.jobId,
        ask.webhook.url,
        event,
        body,
        nowMs,
        nowMs,
      )
      wakeAt(nowMs)
    },

    hasSecret: (client: string): boolean =>
      rowsOf(database, 'SELECT 1 FROM webhook_secrets WHERE client = ?', client).length > 0,

    /** Whether one more may wait for this client. */
    hasRoom: (client: string): boolean =>
      (rowsOf<{ n: number }>(database, countDue, client)[0]?.n ?? 0) < limits.webhooksPerClientMax,

    /** A new secret, shown here and never again. */
    makeSecret: (client: string): string => {
      const secret = new Uint8Array(randomBytes(32))
      const sealed = vault.seal(secret, { owner: client, purpose: 'webhook' })
      database.sql.exec(upsertSecret, client, sealed, now() + limits.webhookSecretGraceMs)
      return `whsec_${Buffer.from(secret).toString('base64')}`
    },

    list: (
      client: string,
      page: { readonly limit: number; readonly before: string | undefined },
    ): WebhookDelivery[] =>
      rowsOf<DeliveryRow>(database, selectPage, client, page.before ?? '', page.limit).map(viewOf),

    /** Sends what is due; never waits for an answer. */
    tick: (): void => {
      while (running.size < limits.webhooksAtOnce && startNext());
      const next = rowsOf<{ at: number | null }>(database, selectNextAfter, now())[0]?.at
      if (typeof next === 'number') wakeAt(next)
    },

    sweep: (nowMs: number): void => {
      database.sql.exec(deleteOld, nowMs - limits.webhookKeptMs)
      database.sql.exec(deleteSurplus, limits.webhookKept)
    },
  }
}

/** Moves secrets under the newest of the site's own, so that an older one can be taken away. */
function resealSecrets(database: SqlDatabase, vault: Vault): void {
  const rows = rowsOf<SecretRow & { client: string }>(database, 'SELECT * FROM webhook_secrets')
  for (const { client, sealed, older } of rows) {
    const label = { owner: client, purpose: 'webhook' } as const
    const fresh = vault.reseal(bytesOf(sealed), label)
    if (fresh) database.sql.exec(setSealed, fresh, client)
    const freshOlder = older === null ? undefined : vault.reseal(bytesOf(older), label)
    if (freshOlder) database.sql.exec(setOlder, freshOlder, client)
  }
}

/** Standard Webhooks 1.0.0; two signatures while a secret is being replaced. */
function headersOf(
  { delivery_id: id, body }: DeliveryRow,
  secrets: readonly Uint8Array[],
  nowMs: number,
): Record<string, string> {
  const timestamp = Math.floor(nowMs / 1_000)
  const signed = webhookSigned({ id, timestamp, body })
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`,
  )
  return {
    'content-type': 'application/json',
    'user-agent': 'aitbc-webhooks',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  }
}

const viewOf = (row: DeliveryRow): WebhookDelivery => ({
  deliveryId: row.delivery_id,
  jobId: row.job_id,
  event: row.event,
  url: row.url,
  state: row.state,
  attempts: row.attempts,
  nextAtMs: row.state === 'due' ? row.next_at_ms : undefined,
  lastStatus: row.last_status ?? undefined,
  lastError: row.last_error ?? undefined,
  createdAtMs: row.created_at_ms,
})

type SecretRow = {
  readonly sealed: Blob
  readonly older: Blob | null
  readonly older_until_ms: number | null
}

type DeliveryRow = {
  readonly seq: number
  readonly delivery_id: string
  readonly client: string
  readonly job_id: string
  readonly url: string
  readonly event: string
  readonly body: string
  readonly state: WebhookDelivery['state']
  readonly attempts: number
  readonly next_at_ms: number
  readonly last_status: number | null
  readonly last_error: string | null
  readonly created_at_ms: number
}

const selectSecret = 'SELECT sealed, older, older_until_ms FROM webhook_secrets WHERE client = ?'
const upsertSecret = `INSERT INTO webhook_secrets (client, sealed) VALUES (?1, ?2)
  ON CONFLICT (client) DO UPDATE SET older = sealed, older_until_ms = ?3, sealed = excluded.sealed`
const setSealed = 'UPDATE webhook_secrets SET sealed = ? WHERE client = ?'
const setOlder = 'UPDATE webhook_secrets SET older = ? WHERE client = ?'
const insert = `INSERT INTO webhook_deliveries (delivery_id, client, job_id, url, event, body, state,
  attempts, next_at_ms, created_at_ms) VALUES (?, ?, ?, ?, ?, ?, 'due', 0, ?, ?)`
const update = `UPDATE webhook_deliveries SET state = ?, attempts = ?, next_at_ms = ?, last_status = ?,
  last_error = ? WHERE seq = ?`
const countDue = `SELECT count(*) AS n FROM webhook_deliveries WHERE state = 'due' AND client = ?`
const selectDue = `SELECT * FROM webhook_deliveries WHERE state = 'due'
  AND (next_at_ms <= ? OR next_at_ms > ?)
  AND client NOT IN (SELECT value FROM json_each(?))
  AND delivery_id NOT IN (SELECT value FROM json_each(?)) ORDER BY next_at_ms LIMIT 1`
const selectNextDue = "SELECT min(next_at_ms) AS at FROM webhook_deliveries WHERE state = 'due'"
const selectNextAfter = `SELECT min(next_at_ms) AS at FROM webhook_deliveries
  WHERE state = 'due' AND next_at_ms > ?`
const selectPage = `SELECT * FROM webhook_deliveries WHERE client = ?1 AND (?2 = '' OR seq <
  (SELECT seq FROM webhook_deliveries WHERE delivery_id = ?2 AND client = ?1))
  ORDER BY seq DESC LIMIT ?3`
const deleteOld = `DELETE FROM webhook_deliveries WHERE state <> 'due' AND created_at_ms < ?`
const deleteSurplus = `DELETE FROM webhook_deliveries WHERE state <> 'due' AND seq <
  (SELECT max(seq) FROM webhook_deliveries) - ?`
