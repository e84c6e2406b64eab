/**
 * `client keys …`: the API keys of an account, by its wallet. Each request is signed, so that nobody signs in
 * first. A secret is shown once, on stdout, and kept nowhere here.
 */
import type { ApiClient } from '../core/api/client.ts'
import type { AccountKeyView, KeyWithSecretView } from '../core/api/schemas/account-keys.ts'
import { keyScopes } from '../core/auth/key-scopes.ts'
import { formatTime } from '../core/base/rfc3339.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import type { Given, Group, GroupOptions } from './group-options.ts'
import { openSigned, walletRunOf } from './group-run.ts'
import { fundKey } from './keys-fund.ts'
import { takenOf } from './site-client.ts'
import { coins, type Done, fields, listed, moment, printDone } from './table.ts'

const life = { seconds: [60, 315_360_000] } as const
const budget = {
  flags: '--budget <AITBC>',
  about: 'most that it may ever spend here',
  is: 'coins',
} as const

/** The commands. */
export const keysGroup = {
  name: 'keys',
  does: 'API keys of your account at a site. Your wallet signs each request: no sign-in is needed.',
  commands: {
    create: {
      argument: '<NAME>',
      does: 'makes a key; its secret is shown this once',
      options: [
        {
          flags: '--scopes <NAMES>',
          about: `what it may do, with commas between: ${keyScopes.join(', ')}`,
          is: 'text',
          fallback: 'jobs:read,jobs:submit',
        },
        budget,
        { flags: '--expires-in <TIME>', about: 'when it ends, such as 720h; else never', is: life },
        { flags: '--payout <ADDRESS>', about: 'of a key of scope miner: who is paid', is: 'text' },
      ],
    },
    list: { does: 'your keys, newest first' },
    show: { argument: '<KEY>', does: 'one key, with the money behind it' },
    rotate: {
      argument: '<KEY>',
      does: 'another secret; the old one goes on for a while',
      options: [
        {
          flags: '--grace <TIME>',
          about: 'how long; 0 ends it at once',
          is: { seconds: [0, 604_800] },
          fallback: '24h',
        },
      ],
    },
    revoke: { argument: '<KEY>', does: 'ends a key at once and for ever' },
    fund: {
      argument: '<KEY>',
      does: 'locks money in an escrow and lets the key spend it; again: adds to it',
      options: [
        { flags: '--amount <AITBC>', about: 'how much to lock', is: 'coins', needed: true },
        {
          flags: '--escrow <ID>',
          about: 'grant it out of this escrow of yours instead; locks nothing',
          is: 'text',
        },
        {
          flags: '--fee <AITBC>',
          about: 'fee to offer for each transaction; else what is enough',
          is: 'coins',
        },
        { flags: '--yes', about: 'send without asking', is: 'flag' },
      ],
    },
    usage: {
      does: 'what your jobs used and cost, by the day on which they ended',
      options: [
        { flags: '--from <DATE>', about: 'first day, UTC: 2026-11-01', is: 'text' },
        { flags: '--to <DATE>', about: 'last day', is: 'text' },
        {
          flags: '--group-by <WHAT>',
          about: 'one row for each',
          is: { words: ['day', 'key', 'model'] },
          fallback: 'day',
        },
        { flags: '--key <KEY>', about: 'of this key alone', is: 'text' },
        { flags: '--model <MODEL>', about: 'of this model alone', is: 'text' },
      ],
    },
  },
} as const satisfies Group<string>

/** Name of a command. */
export type KeysCommand = keyof typeof keysGroup.commands

/** Does what the command line says and prints it; throws a `ClientFault` where it cannot. */
export async function runKeys(
  options: GroupOptions<KeysCommand>,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const run = walletRunOf(options, env, signal)
  const open = await openSigned(run)
  const done =
    options.command === 'fund'
      ? shownKey(await fundKey(run, open, { keyId: String(options.about), given: options.given }))
      : await answerOf(open.call, options)
  if (options.command === 'create' || options.command === 'rotate') {
    run.say('keep the secret: it is not shown again')
  }
  printDone(done, options.output)
}

async function answerOf(
  call: ApiClient,
  { command, about, given }: GroupOptions<KeysCommand>,
): Promise<Done> {
  const params = { id: String(about) }
  switch (command) {
    case 'create':
      return shownSecret(takenOf(await call('createKey', { body: newKey(String(about), given) })))
    case 'list':
      return listed(takenOf(await call('listKeys')), head, rowOf)
    case 'show':
      return shownKey(takenOf(await call('getKey', { params })))
    case 'rotate': {
      const body = { grace_seconds: Number(given['grace']) }
      return shownSecret(takenOf(await call('rotateKey', { params, body })))
    }
    case 'revoke':
      return shownKey(takenOf(await call('revokeKey', { params })))
    case 'usage':
      return await usage(call, given)
    case 'fund':
      throw new Error('a key is funded elsewhere')
    default:
      return command satisfies never
  }
}

function newKey(name: string, given: Given) {
  const { expiresIn } = given
  const scopes = String(given['scopes'])
    .split(',')
    .map((each) => each.trim())
  return {
    name,
    scopes: scopes.map(scopeOf),
    budget: given['budget'] === undefined ? null : String(given['budget']),
    expires_at: expiresIn === undefined ? null : formatTime(Date.now() + Number(expiresIn) * 1_000),
    payout: given['payout'] === undefined ? null : String(given['payout']),
  }
}

function scopeOf(text: string) {
  const found = keyScopes.find((each) => each === text)
  if (found !== undefined) return found
  const message = `--scopes: ${JSON.stringify(text)} is none of ${keyScopes.join(', ')}`
  throw new ClientFault(exitCodes.usage, 'USAGE', message)
}

const head = ['KEY', 'NAME', 'STATE', 'SCOPES', 'SPENT', 'BUDGET', 'LEFT', 'LAST USED', 'ENDS']

const rowOf = (key: AccountKeyView) => [
  key.key_id,
  key.name,
  key.state,
  key.scopes.join(' '),
  coins(key.spent),
  coins(key.budget),
  coins(key.funding?.available ?? null),
  moment(key.last_used_at),
  moment(key.expires_at),
]

/** The fields of a key that say something; JSON has all of them. */
function shownKey(key: AccountKeyView): Done {
  const { funding } = key
  const aitbc = (units: string | null) => (units === null ? null : `${coins(units)} AITBC`)
  const { shown } = fields({
    key: key.key_id,
    name: key.name,
    kind: key.kind,
    state: key.state,
    scopes: key.scopes.join(' '),
    'secret ends in': key.hint,
    'old secret until': moment(key.old_secret_until),
    created: moment(key.created_at),
    'last used': moment(key.last_used_at),
    ends: moment(key.expires_at),
    revoked: moment(key.revoked_at),
    budget: aitbc(key.budget),
    spent: aitbc(key.spent),
    ...(key.payout !== null && { 'paid to': key.payout }),
    ...(funding !== null && {
      escrow: funding.escrow,
      'escrow holds': aitbc(funding.escrow_balance),
      'granted, left': aitbc(funding.delegate_budget),
      'can be used now': aitbc(funding.available),
      'in the way': funding.fault,
    }),
  })
  return { value: key, shown: { ...shown, rows: shown.rows.filter(([, field]) => field !== null) } }
}

function shownSecret(made: KeyWithSecretView): Done {
  const { shown } = shownKey(made.key)
  return { value: made, shown: { ...shown, rows: [['secret', made.secret], ...shown.rows] } }
}

async function usage(call: ApiClient, given: Given): Promise<Done> {
  const { from, to, key, model } = given
  const by = given['groupBy'] === 'key' || given['groupBy'] === 'model' ? given['groupBy'] : 'day'
  const query = {
    group_by: by,
    ...(from !== undefined && { from: String(from) }),
    ...(to !== undefined && { to: String(to) }),
    ...(key !== undefined && { key: String(key) }),
    ...(model !== undefined && { model: String(model) }),
  }
  const value = takenOf(await call('getUsage', { query }))
  const sums = (each: typeof value.total) => [
    each.jobs,
    each.completed,
    each.failed,
    each.prompt_tokens,
    each.completion_tokens,
    coins(each.spent),
  ]
  const names = { day: 'DAY', key: 'KEY', model: 'MODEL' }
  const rows = value.items.map((each) => [
    by === 'day' ? each.day : by === 'model' ? each.model : (each.key_name ?? each.key_id),
    ...sums(each),
  ])
  return {
    value,
    shown: {
      head: [names[by], 'JOBS', 'DONE', 'FAILED', 'PROMPT', 'ANSWER', 'AITBC'],
      rows: [...rows, [`${value.from} to ${value.to}`, ...sums(value.total)]],
    },
  }
}
