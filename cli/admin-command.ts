/**
 * `client admin …`: administration of a site, by a wallet whose account stands in `ADMIN_ADDRESSES`, or with
 * the key of a program in `ADMIN_API_KEY`. What changes something takes `--reason`, for the audit log.
 */
import { adminActions } from '../core/api/admin-desk.ts'
import type { ApiClient } from '../core/api/client.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import type { Given, Group, GroupOptions } from './group-options.ts'
import { callerOf } from './group-run.ts'
import { takenOf } from './site-client.ts'
import { type Cell, coins, type Done, fields, listed, moment, printDone } from './table.ts'

const reason = {
  flags: '--reason <TEXT>',
  about: 'why, for the audit log; a wallet has to say it',
  is: 'text',
} as const
const limit = {
  flags: '--limit <N>',
  about: 'at most so many',
  is: { least: 1, most: 200 },
  fallback: '50',
} as const
const cursor = { flags: '--cursor <TEXT>', about: 'go on where a list ended', is: 'text' } as const
const status = { flags: '--status <NAME>', about: 'of this state alone', is: 'text' } as const
const search = {
  flags: '--search <TEXT>',
  about: 'what address, id or name begins with',
  is: 'text',
} as const
const page = [limit, cursor] as const
const act = (argument: string, does: string) => ({ argument, does, options: [reason] }) as const

/** The commands. */
export const adminGroup = {
  name: 'admin',
  does: 'Administers a site: as a wallet of ADMIN_ADDRESSES, or with the key in ADMIN_API_KEY.',
  commands: {
    stats: { does: 'the four figures of the original' },
    status: { does: 'how jobs, miners, payments and the site are' },
    health: { does: 'asks everything that the site depends on' },
    config: { does: 'the settings, without secrets' },
    analytics: {
      does: 'jobs and charges by day',
      options: [
        { flags: '--days <N>', about: 'so many', is: { least: 1, most: 366 }, fallback: '7' },
      ],
    },
    jobs: {
      does: 'all jobs, newest first',
      options: [
        ...page,
        status,
        { flags: '--client <ID>', about: 'of this client alone', is: 'text' },
        { flags: '--miner <ID>', about: 'of this miner alone', is: 'text' },
      ],
    },
    'job-details': { argument: '<JOB>', does: 'one job, without what was asked' },
    'delete-job': act('<JOB>', 'cancels a job of anybody'),
    'prioritize-job': {
      argument: '<JOB>',
      does: 'gives a job that waits another priority',
      options: [
        reason,
        {
          flags: '--priority <NAME>',
          about: 'which',
          is: { words: ['low', 'normal', 'high'] },
          fallback: 'high',
        },
      ],
    },
    miners: { does: 'all miners, here and away', options: [...page, status] },
    'miner-details': { argument: '<MINER>', does: 'one miner' },
    'activate-miner': act('<MINER>', 'lets a miner work again'),
    'deactivate-miner': {
      argument: '<MINER>',
      does: 'gives a miner no more work',
      options: [
        reason,
        {
          flags: '--mode <NAME>',
          about: 'drain: what it has goes on; suspend: that goes elsewhere',
          is: { words: ['drain', 'suspend'] },
          fallback: 'drain',
        },
      ],
    },
    'withdraw-offer': act('<OFFER>', 'takes an offer that was listed by hand off the market'),
    users: { does: 'accounts that signed in', options: [...page, search] },
    keys: { does: 'all API keys, without secrets', options: [...page, search] },
    'revoke-key': act('<KEY>', 'revokes a key of an account'),
    payments: {
      does: 'what jobs are paid',
      options: [
        ...page,
        {
          flags: '--status <NAME>',
          about: 'of this state alone',
          is: { words: ['due', 'sent', 'settled', 'unpayable', 'held', 'refused'] },
        },
      ],
    },
    held: {
      does: 'results whose payment waits, or waited, for a decision',
      options: [limit, { flags: '--open', about: 'those that wait', is: 'flag' }],
    },
    'release-held': act('<JOB>', 'lets a held result be paid'),
    'refuse-held': act('<JOB>', 'lets a held result never be paid'),
    'audit-log': {
      does: 'what administrators did, newest first',
      options: [
        ...page,
        { flags: '--action <NAME>', about: 'acts of this name', is: 'text' },
        { flags: '--actor <NAME>', about: 'acts of this actor', is: 'text' },
      ],
    },
    execute: {
      argument: `<${adminActions.join('|')}>`,
      does: 'does at once what the site does by itself sooner or later',
      options: [reason],
    },
    maintenance: {
      argument: '<cleanup|reindex|backup>',
      does: 'cleanup forgets what is past its time; the others say why there is nothing to do',
      options: [reason],
    },
  },
} as const satisfies Group<string>

/** Name of a command. */
export type AdminCommand = keyof typeof adminGroup.commands

/** Does what the command line says and prints it; throws a `ClientFault` where it cannot. */
export async function runAdmin(
  options: GroupOptions<AdminCommand>,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const call = await callerOf(options, 'ADMIN_API_KEY', { env, signal })
  const done = (await read(call, options)) ?? (await changed(call, options))
  if (done === undefined) throw new Error(`${options.command} does nothing`)
  printDone(done, options.output)
  const { next_cursor: next } = done.value as { readonly next_cursor?: string | null }
  if (next && !options.quiet) process.stderr.write(`client: there are more: --cursor ${next}\n`)
}

/** What only reads; undefined for a command that changes something. */
async function read(
  call: ApiClient,
  { command, about, given }: GroupOptions<AdminCommand>,
): Promise<Done | undefined> {
  const params = { id: String(about) }
  switch (command) {
    case 'stats':
      return fields(takenOf(await call('getAdminStats')))
    case 'status':
      return flattened(takenOf(await call('getAdminStatus')))
    case 'health': {
      const value = takenOf(await call('getAdminHealth'))
      return listed(
        { ...value, items: value.dependencies },
        ['DEPENDS ON', 'OK', 'MS', 'DETAIL'],
        (each) => [each.name, each.ok ? 'yes' : 'NO', each.latency_ms, each.detail],
      )
    }
    case 'config':
      return listed(takenOf(await call('getAdminConfig')), ['SETTING', 'SET', 'VALUE'], (each) => [
        each.name,
        each.set ? 'yes' : 'no',
        each.secret && each.set ? '(secret)' : each.value,
      ])
    case 'analytics':
      return listed(
        takenOf(await call('getAdminAnalytics', { query: { days: String(given['days']) } })),
        ['DAY', 'JOBS', 'DONE', 'FAILED', 'PROMPT', 'ANSWER', 'AITBC'],
        (each) => [
          each.day,
          each.jobs,
          each.completed,
          each.failed,
          each.prompt_tokens,
          each.completion_tokens,
          coins(each.charged),
        ],
      )
    case 'job-details':
      return fields(takenOf(await call('getAdminJob', { params })), jobAmounts)
    case 'miner-details':
      return fields(takenOf(await call('getAdminMiner', { params })))
    default:
      return await readList(call, command, given)
  }
}

async function readList(
  call: ApiClient,
  command: AdminCommand,
  given: Given,
): Promise<Done | undefined> {
  const query = textsOf(given)
  switch (command) {
    case 'jobs':
      return listed(takenOf(await call('listAdminJobs', { query })), jobHead, (each) => [
        each.job_id,
        each.state,
        each.client_id,
        each.assigned_miner_id,
        each.model,
        each.priority,
        coins(each.amount),
        each.payment,
        moment(each.requested_at),
      ])
    case 'miners':
      return listed(takenOf(await call('listAdminMiners', { query })), minerHead, (each) => [
        each.miner_id,
        each.status,
        each.standing,
        `${each.inflight}/${each.concurrency}`,
        each.jobs_completed,
        each.jobs_failed,
        each.region,
        each.models.join(' '),
        moment(each.last_heartbeat),
      ])
    case 'users':
      return listed(takenOf(await call('listAdminUsers', { query })), userHead, (each) => [
        each.address,
        each.role,
        each.keys,
        each.jobs,
        coins(each.spent),
        moment(each.last_seen_at),
      ])
    case 'keys':
      return listed(takenOf(await call('listAdminKeys', { query })), keyHead, (each) => [
        each.key_id,
        each.kind,
        each.name,
        each.state,
        each.owner,
        coins(each.spent),
        moment(each.last_used_at),
      ])
    case 'payments':
      return listed(takenOf(await call('listAdminPayments', { query })), paymentHead, (each) => [
        each.job_id,
        each.state,
        coins(each.amount),
        each.client_id,
        each.miner_id,
        each.block_height,
        each.reason,
      ])
    case 'held':
      return listed(takenOf(await call('listAdminHeld', { query })), heldHead, heldRow)
    case 'audit-log':
      return listed(takenOf(await call('readAuditLog', { query })), auditHead, (each) => [
        moment(each.at),
        each.actor,
        each.action,
        each.target,
        each.reason,
      ])
    default:
      return undefined
  }
}

const jobAmounts = ['amount', 'limit']
const jobHead = [
  'JOB',
  'STATE',
  'CLIENT',
  'MINER',
  'MODEL',
  'PRIORITY',
  'AITBC',
  'PAYMENT',
  'ASKED',
]
const minerHead = [
  'MINER',
  'STATUS',
  'STANDING',
  'JOBS',
  'DONE',
  'FAILED',
  'REGION',
  'MODELS',
  'LAST SEEN',
]
const userHead = ['ACCOUNT', 'ROLE', 'KEYS', 'JOBS', 'AITBC', 'LAST SEEN']
const keyHead = ['KEY', 'KIND', 'NAME', 'STATE', 'OWNER', 'AITBC', 'LAST USED']
const paymentHead = ['JOB', 'STATE', 'AITBC', 'CLIENT', 'MINER', 'BLOCK', 'REASON']
const auditHead = ['AT', 'WHO', 'DID', 'TO', 'WHY']
const heldHead = ['JOB', 'MINER', 'AITBC', 'HELD', 'UNTIL', 'DECISION', 'REASONS']

/** A held result as a row. */
export const heldRow = (each: {
  readonly job_id: string
  readonly miner_id: string
  readonly amount: string
  readonly held_at: string
  readonly decided_until: string
  readonly decision: string | null
  readonly reasons: readonly { readonly message: string }[]
}): readonly Cell[] => [
  each.job_id,
  each.miner_id,
  coins(each.amount),
  moment(each.held_at),
  moment(each.decided_until),
  each.decision ?? 'waits',
  each.reasons.map(({ message }) => message).join('; '),
]

async function changed(
  call: ApiClient,
  { command, about, given }: GroupOptions<AdminCommand>,
): Promise<Done | undefined> {
  const params = { id: String(about) }
  const why = given['reason'] === undefined ? {} : { reason: String(given['reason']) }
  const body = why
  switch (command) {
    case 'delete-job':
      return fields(takenOf(await call('cancelAdminJob', { params, body })), jobAmounts)
    case 'prioritize-job': {
      const priority = wordOf(given['priority'], ['low', 'normal', 'high'])
      const wanted = { params, body: { ...why, priority } }
      return fields(takenOf(await call('prioritizeAdminJob', wanted)), jobAmounts)
    }
    case 'activate-miner':
      return fields(takenOf(await call('activateAdminMiner', { params, body })))
    case 'deactivate-miner': {
      const mode = wordOf(given['mode'], ['drain', 'suspend'])
      return fields(takenOf(await call('deactivateAdminMiner', { params, body: { ...why, mode } })))
    }
    case 'withdraw-offer':
      return fields(takenOf(await call('withdrawAdminOffer', { params, body })))
    case 'revoke-key':
      return fields(takenOf(await call('revokeAdminKey', { params, body })))
    case 'release-held':
      return fields(takenOf(await call('releaseHeld', { params, body })), jobAmounts)
    case 'refuse-held':
      return fields(takenOf(await call('refuseHeld', { params, body })), jobAmounts)
    case 'execute': {
      const action = wordOf(about, adminActions)
      return fields(takenOf(await call('executeAdminAction', { params: { action }, body })))
    }
    case 'maintenance':
      return await maintain(call, about, body)
    default:
      return undefined
  }
}

async function maintain(
  call: ApiClient,
  about: string | undefined,
  body: { readonly reason?: string },
): Promise<Done> {
  const what = wordOf(about, ['cleanup', 'reindex', 'backup'])
  if (what === 'cleanup') return fields(takenOf(await call('cleanUp', { body })))
  // Both are refused, and the refusal says who does it instead.
  takenOf(what === 'reindex' ? await call('reindex') : await call('backUp'))
  return fields({ done: what })
}

/** Options as a query: `--search` is the route's `q`, `--open` its `true`. */
function textsOf({ search: q, ...given }: Given): Record<string, string> {
  const texts = Object.entries(given).map(([name, value]) => [name, String(value)] as const)
  return Object.fromEntries(q === undefined ? texts : [...texts, ['q', String(q)] as const])
}

/** Groups of figures as `group.name`. */
function flattened(value: Readonly<Record<string, unknown>>): Done {
  const flat = Object.entries(value).flatMap(([name, field]) =>
    typeof field === 'object' && field !== null
      ? Object.entries(field).map(([inner, each]) => [`${name}.${inner}`, each] as const)
      : [[name, field] as const],
  )
  return { ...fields(Object.fromEntries(flat)), value }
}

function wordOf<const Word extends string>(given: unknown, words: readonly Word[]): Word {
  const found = words.find((word) => word === given)
  if (found !== undefined) return found
  const message = `${JSON.stringify(given)} is none of ${words.join(', ')}`
  throw new ClientFault(exitCodes.usage, 'USAGE', message)
}
