/**
 * `client miner …`: what a miner may know of itself at a site. With the API key of a miner in
 * `MINER_API_KEY`: its jobs and its earnings. Without one, by `--miner-id`: what everybody may know, which for
 * an agent with a key pair is all that is paid to it.
 */
import type { ApiClient } from '../core/api/client.ts'
import { heldRow } from './admin-command.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import type { Given, Group, GroupOptions } from './group-options.ts'
import { createCaller, takenOf } from './site-client.ts'
import { coins, type Done, fields, listed, moment, printDone } from './table.ts'

const minerId = {
  flags: '--miner-id <ID>',
  about: 'which miner; else the one of MINER_API_KEY',
  is: 'text',
} as const
const limit = {
  flags: '--limit <N>',
  about: 'at most so many',
  is: { least: 1, most: 200 },
  fallback: '10',
} as const

/** The commands. */
export const minerGroup = {
  name: 'miner',
  does: 'What a miner may know of itself: with its key in MINER_API_KEY, or by --miner-id. To mine: npm run miner.',
  commands: {
    status: { does: 'whether it works, waits, or is kept from work', options: [minerId] },
    earnings: { does: 'what it earned; without a key, of the last 30 days', options: [minerId] },
    jobs: { does: 'what it completed, newest first', options: [minerId, limit] },
    held: {
      does: 'payments that are held, and why',
      options: [minerId, limit, { flags: '--open', about: 'those that wait', is: 'flag' }],
    },
    why: { does: 'why it gets no jobs, or gets them', options: [minerId] },
    reputation: { does: 'its reputation, with the figures behind it', options: [minerId] },
  },
} as const satisfies Group<string>

/** Name of a command. */
export type MinerCommand = keyof typeof minerGroup.commands

/** Does what the command line says and prints it; throws a `ClientFault` where it cannot. */
export async function runMiner(
  options: GroupOptions<MinerCommand>,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const apiKey = env['MINER_API_KEY'] ?? ''
  const named = options.given['minerId']
  if (apiKey === '' && named === undefined) {
    const message = 'give --miner-id, or set MINER_API_KEY to the API key of a miner'
    throw new ClientFault(exitCodes.usage, 'USAGE', message)
  }
  const call = createCaller(options.api, signal, apiKey === '' ? {} : { apiKey })
  const who: Who = {
    call,
    isKeyed: apiKey !== '' && named === undefined,
    id: String(named ?? 'me'),
  }
  printDone(await answerOf(who, options), options.output)
}

type Who = {
  readonly call: ApiClient
  /** Whether the key says who asks: then `id` is only a name. */
  readonly isKeyed: boolean
  readonly id: string
}

async function answerOf(who: Who, { command, given }: GroupOptions<MinerCommand>): Promise<Done> {
  const { call } = who
  switch (command) {
    case 'status':
      return await status(who)
    case 'earnings':
      return who.isKeyed
        ? fields(takenOf(await call('getMinerEarnings', { params: { id: who.id } })), [
            'earned',
            'pending',
          ])
        : await publicEarnings(who)
    case 'jobs':
      return await jobs(who, String(given['limit']))
    case 'held':
      return await held(who, given)
    case 'why':
      return fields(takenOf(await call('explainMiner', { params: await publicOf(who) })))
    case 'reputation':
      return fields(takenOf(await call('getMinerReputation', { params: await publicOf(who) })), [
        'amount',
        'cost',
      ])
    default:
      return command satisfies never
  }
}

/** The id that everybody knows the miner by: with a key, the site says it. */
async function publicOf({ call, isKeyed, id }: Who): Promise<{ readonly id: string }> {
  if (!isKeyed) return { id }
  return { id: takenOf(await call('getMinerEarnings', { params: { id } })).miner_id }
}

async function status(who: Who): Promise<Done> {
  const params = await publicOf(who)
  const [why, waiting, reputation] = await Promise.all([
    who.call('explainMiner', { params }),
    who.call('listHeldResults', { params, query: { open: 'true', limit: '200' } }),
    who.call('getMinerReputation', { params }),
  ])
  const { state, breaker, free_places, idle_since, recent, models } = takenOf(why)
  return fields({
    miner_id: params.id,
    state,
    free_places,
    idle_since,
    models: models.map(({ name }) => name).join(' '),
    newest_jobs: `${recent.taken} of ${recent.jobs} came here`,
    breaker: breaker.reason === null ? breaker.state : `${breaker.state}: ${breaker.reason}`,
    held_payments: takenOf(waiting).items.length,
    reputation: takenOf(reputation).score ?? 'none',
  })
}

/** What everybody can add up: payments of the last 30 days that are final. */
async function publicEarnings(who: Who): Promise<Done> {
  const value = takenOf(await who.call('getMinerReputation', { params: { id: who.id } }))
  // What a miner of the original earns, which signs no receipts, makes no reputation but is money.
  const amount = BigInt(value.amount) + BigInt(value.unsigned.amount)
  const cost = BigInt(value.cost) + BigInt(value.unsigned.cost)
  const { shown } = fields({
    'miner id': value.miner_id,
    'receipts, 30 days': value.receipts + value.unsigned.receipts,
    'clients paid': `${coins(String(amount))} AITBC`,
    'did not reach it': `${coins(String(cost))} AITBC`,
    earned: `${coins(String(amount - cost))} AITBC`,
    first: moment(value.first_at),
    last: moment(value.last_at),
  })
  return { value, shown }
}

async function jobs(who: Who, limitText: string): Promise<Done> {
  const query = { limit: limitText }
  const params = { id: who.id }
  if (!who.isKeyed) {
    const value = takenOf(await who.call('listMinerReceipts', { params, query }))
    return listed(value, ['JOB', 'AT', 'MODEL', 'PROMPT', 'ANSWER', 'CHARGED', 'BLOCK'], (each) => [
      each.job_id,
      moment(each.completed_at),
      each.model,
      each.prompt_tokens,
      each.completion_tokens,
      coins(each.amount),
      each.settlement.block_height,
    ])
  }
  const value = takenOf(await who.call('listMinerJobs', { params, query }))
  const head = ['JOB', 'AT', 'MODEL', 'PROMPT', 'ANSWER', 'EARNED', 'PAYMENT']
  const done = listed(value, head, (each) => [
    each.job_id,
    moment(each.completed_at),
    each.model,
    each.prompt_tokens,
    each.completion_tokens,
    coins(each.earned),
    each.payment,
  ])
  const current = value.current.map((job) => [job, 'now', null, null, null, null, null])
  return { value, shown: { head, rows: [...current, ...done.shown.rows] } }
}

async function held(who: Who, given: Given): Promise<Done> {
  const query = {
    limit: String(given['limit']),
    open: given['open'] === true ? ('true' as const) : ('false' as const),
  }
  const params = await publicOf(who)
  const value = takenOf(await who.call('listHeldResults', { params, query }))
  return listed(value, ['JOB', 'MINER', 'AITBC', 'HELD', 'UNTIL', 'DECISION', 'REASONS'], heldRow)
}
