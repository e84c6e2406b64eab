/** Administration: what is sent and what is answered, as schemas. */
import * as z from 'zod'
import { hasHiddenText } from '../../wallet/visible-text.ts'
import { keyStates } from './account-keys.ts'
import { address, hash, jobId, legacyTime, time, units, whole } from './common.ts'

/** Bounds of administration. */
export const adminLimits = {
  pageMax: 200,
  pageDefault: 50,
  /** `GET /admin/jobs` of the original had the newest 100. */
  legacyPageDefault: 100,
  reasonCharsMax: 500,
  analyticsDaysMax: 366,
} as const

/** Why somebody acts: on one line, for those who read the log later. */
const reasonText = z
  .string()
  .trim()
  .regex(/^[^\p{C}]{1,500}$/u, 'must be 1 to 500 characters on one line')
  .refine((text) => !hasHiddenText(text), 'must be visible')

/** The body of an act. A person gives a reason; programs of the original may have none. */
export const reasonRequest = z.object({ reason: reasonText.nullish() })

/** `POST /admin/miners/{id}/deactivate`. */
export const deactivateRequest = reasonRequest.extend({
  mode: z
    .enum(['drain', 'suspend'])
    .default('drain')
    .describe('drain: what it has goes on; suspend: that goes elsewhere too'),
})

/** `POST /admin/jobs/{id}/prioritize`. */
export const prioritizeRequest = reasonRequest.extend({
  priority: z.enum(['low', 'normal', 'high']).default('high'),
})

/** `POST /admin/execute/{action}`. */
export const executeRequest = reasonRequest.extend({
  target: z.string().max(128).nullish(),
  data: z.unknown().optional(),
})

const page = (most: number) => ({
  limit: z.coerce.number().int().min(1).max(adminLimits.pageMax).default(most),
  cursor: z
    .string()
    .regex(/^[\w.~-]{1,200}$/)
    .optional()
    .describe('From next_cursor'),
})

const word = z
  .string()
  .max(128)
  .regex(/^[^\p{C}]*$/u)
  .optional()

/** `GET /admin/jobs`. */
export const adminJobsQuery = z.object({
  ...page(adminLimits.legacyPageDefault),
  status: word.describe('A state, in capitals or not'),
  client: word.describe('Of this client alone'),
  miner: word.describe('Of this miner alone'),
})

/** `GET /admin/miners`. */
export const adminMinersQuery = z.object({
  ...page(adminLimits.legacyPageDefault),
  status: word.describe('ONLINE, OFFLINE, DRAINING or SUSPENDED'),
})

/** `GET /admin/users` and `GET /admin/keys`. */
export const adminSearchQuery = z.object({
  ...page(adminLimits.pageDefault),
  q: word.describe('What the address, id or name begins with'),
})

/** `GET /admin/payments`. */
export const adminPaymentsQuery = z.object({
  ...page(adminLimits.pageDefault),
  status: z.enum(['due', 'sent', 'settled', 'unpayable', 'held', 'refused']).optional(),
})

/** `GET /admin/audit`. */
export const auditQuery = z.object({
  ...page(adminLimits.pageDefault),
  action: word.describe('Acts of this name alone'),
  actor: word.describe('Acts of this actor alone'),
  level: word.describe('Not used: all acts weigh the same'),
})

/** `GET /admin/analytics`. */
export const analyticsQuery = z.object({
  days: z.coerce.number().int().min(1).max(adminLimits.analyticsDaysMax).default(7),
})

const envelope = {
  next_cursor: z.string().nullable(),
  as_of: time,
  source: z.literal('site'),
}

/** `GET /admin/stats`, as it was. */
export const adminStatsSchema = z
  .strictObject({
    total_jobs: whole,
    active_jobs: whole,
    online_miners: whole,
    avg_miner_job_duration_ms: whole,
  })
  .meta({ id: 'AdminStats' })

const jobRow = {
  job_id: jobId,
  state: z.string(),
  client_id: z.string(),
  assigned_miner_id: z.string().nullable(),
  requested_at: legacyTime,
  model: z.string(),
  priority: z.string(),
  attempts: whole,
  amount: units.nullable(),
  payment: z.string().nullable(),
}

/** `GET /admin/jobs`. */
export const adminJobsSchema = z
  .strictObject({ items: z.array(z.strictObject(jobRow)), ...envelope })
  .meta({ id: 'AdminJobs', description: 'Jobs, newest first, without what was asked' })

/** `GET /admin/jobs/{id}` and acts on jobs. */
export const adminJobSchema = z
  .strictObject({
    ...jobRow,
    expires_at: time,
    ended_at: time.nullable(),
    error: z.string().nullable(),
    limit: units,
    receipt_id: z.string().nullable(),
    escrow: hash,
  })
  .meta({ id: 'AdminJob', description: 'A job, without what was asked' })

const minerRow = {
  miner_id: z.string(),
  status: z.enum(['ONLINE', 'OFFLINE', 'DRAINING', 'SUSPENDED']),
  inflight: whole,
  concurrency: whole,
  region: z.string().nullable(),
  last_heartbeat: legacyTime.nullable(),
  average_job_duration_ms: whole,
  jobs_completed: whole,
  jobs_failed: whole,
  last_receipt_id: z.string().nullable(),
  kind: z.enum(['agent', 'legacy']),
  payout: address.nullable(),
  models: z.array(z.string()),
  standing: z.enum(['active', 'draining', 'suspended']).describe('As administrators set it'),
  standing_reason: z.string().nullable(),
  standing_since: time.nullable(),
}

/** `GET /admin/miners`. */
export const adminMinersSchema = z
  .strictObject({ items: z.array(z.strictObject(minerRow)), ...envelope })
  .meta({ id: 'AdminMiners' })

/** `GET /admin/miners/{id}` and acts on miners. */
export const adminMinerSchema = z.strictObject(minerRow).meta({ id: 'AdminMiner' })

/** `GET /admin/users`. */
export const adminUsersSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        address,
        user_id: z.uuid(),
        role: z.enum(['user', 'admin']),
        first_seen_at: time,
        last_seen_at: time,
        keys: whole.describe('That are not revoked'),
        jobs: whole.describe('That ended'),
        spent: units,
      }),
    ),
    ...envelope,
  })
  .meta({ id: 'AdminUsers', description: 'Accounts that signed in here, last seen first' })

/** `GET /admin/keys`. */
export const adminKeysSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        key_id: z.string(),
        owner: address.nullable().describe('Null: set by the operator'),
        kind: z.enum(['operator', 'key', 'console']),
        name: z.string(),
        scopes: z.array(z.string()),
        state: z.enum([...keyStates, 'admitted', 'removed']),
        created_at: time,
        expires_at: time.nullable(),
        revoked_at: time.nullable(),
        last_used_at: time.nullable(),
        spent: units,
      }),
    ),
    ...envelope,
  })
  .meta({ id: 'AdminKeys', description: 'All keys of the site, without anything secret' })

/** `GET /admin/payments`. */
export const adminPaymentsSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        job_id: jobId,
        state: z.string(),
        amount: units,
        client_id: z.string(),
        miner_id: z.string(),
        settle_by_slot: whole,
        released_at: time,
        reason: z.string().nullable(),
        tx_hash: hash.nullable(),
        block_height: whole.nullable(),
      }),
    ),
    totals: z.record(z.string(), z.strictObject({ count: whole, amount: units })),
    unit: z.literal('base units'),
    ...envelope,
  })
  .meta({ id: 'AdminPayments', description: 'What jobs are paid, newest first' })

const auditEntry = z
  .strictObject({
    entry_id: whole,
    at: time,
    actor: z.string().describe('account:aitbc1… or key:admin:…'),
    action: z.string(),
    target: z.string(),
    reason: z.string().describe('Empty where a program gave none'),
    details: z.unknown(),
  })
  .meta({ id: 'AuditEntry' })

/** `GET /admin/audit` and `GET /admin/logs`. */
export const auditSchema = z
  .strictObject({ items: z.array(auditEntry), ...envelope })
  .meta({ id: 'AuditLog', description: 'What administrators did, newest first' })

/** `GET /admin/health`. */
export const adminHealthSchema = z
  .strictObject({
    status: z.enum(['ok', 'degraded']),
    dependencies: z.array(
      z.strictObject({
        name: z.string(),
        ok: z.boolean(),
        latency_ms: whole,
        detail: z.string(),
      }),
    ),
    as_of: time,
    source: z.literal('site'),
  })
  .meta({ id: 'AdminHealth', description: 'What the site depends on, asked now' })

/** `GET /admin/status`. */
export const adminStatusSchema = z
  .strictObject({
    status: z.enum(['ok', 'degraded']),
    jobs: z.strictObject({ total: whole, queued: whole, running: whole }),
    miners: z.strictObject({ online: whole, suspended: whole, draining: whole }),
    payments: z.record(z.string(), whole),
    system: z.strictObject({
      timestamp: time,
      app_env: z.string(),
      final_slot: whole.nullable(),
      dispatching: z.boolean(),
      fault: z.string().nullable(),
    }),
  })
  .meta({ id: 'AdminStatus' })

/** `GET /admin/analytics`. */
export const analyticsSchema = z
  .strictObject({
    days: whole,
    items: z.array(
      z.strictObject({
        day: z.string(),
        jobs: whole,
        completed: whole,
        failed: whole,
        prompt_tokens: whole,
        completion_tokens: whole,
        charged: units,
      }),
    ),
    models: z.array(z.strictObject({ model: z.string(), jobs: whole, charged: units })),
    unit: z.literal('base units'),
    as_of: time,
    source: z.literal('site'),
  })
  .meta({ id: 'Analytics', description: 'Jobs by the day on which they ended' })

/** `GET /admin/config`. */
export const adminConfigSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        name: z.string(),
        set: z.boolean(),
        secret: z.boolean(),
        value: z.string().nullable().describe('Null of a secret, and of what is not set'),
      }),
    ),
    as_of: time,
    source: z.literal('site'),
  })
  .meta({ id: 'AdminConfig', description: 'Settings; of secrets, only whether they are set' })

/** `POST /admin/execute/{action}` and `POST /admin/maintenance/cleanup`. */
export const executedSchema = z
  .strictObject({
    action: z.string(),
    done: z.literal(true),
    details: z.record(z.string(), z.union([z.string(), z.number()])),
  })
  .meta({ id: 'Executed' })

/** An act on a key. */
export const adminRevokedSchema = z
  .strictObject({ key_id: z.string(), state: z.literal('revoked'), revoked_at: time })
  .meta({ id: 'AdminRevoked' })
