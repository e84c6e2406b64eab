/** `client keys`, `client admin` and `client miner` as people use them, against a site with a miner. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { adminGroup, runAdmin } from '../../../cli/admin-command.ts'
import { type Group, type GroupOptions, parseGroup } from '../../../cli/group-options.ts'
import { keysGroup, runKeys } from '../../../cli/keys-command.ts'
import { minerGroup, runMiner } from '../../../cli/miner-command.ts'
import { call, expectFailure, type Json, jobIn } from '../../support/api-client.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { startTestMiner, type TestMiner } from '../../support/test-miner.ts'
import { startProgram, typescript } from '../program.ts'

const password = 'quiet otter plays chess at noon'
const prompt = 'What is the capital of France?'
const payload = { type: 'inference', model: 'aitbc-tiny', prompt }

let home: string
let site: Harness
let miner: TestMiner
let env: NodeJS.ProcessEnv

/** The program itself: its exit code and what it wrote. */
async function client(args: readonly string[]) {
  const run = startProgram([...typescript('cli/client.ts'), ...args], {
    env: env as Record<string, string>,
  })
  const code = await run.ended
  return { code, out: run.stdout(), said: run.stderr() }
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'groups-'))
  env = { AITBC_HOME: home, AITBC_KEY_PASSWORD: password }
  const made = await client(['wallet', 'create', '--output', 'json'])
  const { accounts } = JSON.parse(made.out) as { accounts: { address: string }[] }
  site = await startHarness({ vars: { ADMIN_ADDRESSES: accounts[0]?.address } })
  miner = await startTestMiner(site.url)
})
afterAll(async () => {
  await miner?.stop()
  await site?.dispose()
  rmSync(home, { recursive: true })
})

type Command = (args: readonly string[], more: NodeJS.ProcessEnv) => Promise<void>

/** A group in this process. */
const groupOf =
  <Name extends string>(
    group: Group<Name>,
    run: (
      options: GroupOptions<Name>,
      env: NodeJS.ProcessEnv,
      signal: AbortSignal,
    ) => Promise<void>,
  ): Command =>
  async (args, more) => {
    const parsed = parseGroup(group, [...args, '--api', site.url, '--quiet'])
    if (!parsed.ok) throw new Error(parsed.error.message)
    await run(parsed.value, { ...env, ...more }, new AbortController().signal)
  }

/** What a command printed. */
async function printed(
  command: Command,
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<string> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  try {
    await command(args, more)
    return write.mock.calls.map(([text]) => String(text)).join('')
  } finally {
    write.mockRestore()
  }
}

const keys = groupOf(keysGroup, runKeys)
const admin = groupOf(adminGroup, runAdmin)
const mining = groupOf(minerGroup, runMiner)
const json = async (...[command, args, more]: Parameters<typeof printed>): Promise<Json> =>
  JSON.parse(await printed(command, [...args, '--output', 'json'], more)) as Json

describe('keys', () => {
  let id: string
  let secret: string

  test('one is made, funded by the faucet’s gift, used, funded again and counted', async () => {
    const made = await json(keys, ['create', 'notebook', '--budget', '5', '--expires-in', '720h'])
    const key = made['key'] as Json
    id = String(key['key_id'])
    secret = String(made['secret'])
    expect(key).toMatchObject({
      state: 'unfunded',
      budget: '500000000',
      expires_at: expect.any(String),
    })

    const run = await client(['keys', 'fund', id, '--amount', '3', '--yes', '--api', site.url])
    expect([run.code, run.said], run.out).toEqual([0, expect.stringContaining('asking the faucet')])
    expect(run.said).toContain('Lock 3 AITBC')
    expect(run.out).toMatch(/^state +active$/m)
    expect(run.out).toMatch(/^can be used now +3 AITBC$/m)

    const { json: job } = await call(site, '/v1/jobs', { key: secret, body: { payload } })
    await jobIn(site, { key: secret, jobId: job['job_id'], states: ['COMPLETED'] })

    const before = await json(keys, ['show', id])
    const again = await json(keys, ['fund', id, '--amount', '1', '--yes'])
    const granted = (of: Json) => BigInt(String((of['funding'] as Json)['delegate_budget']))
    expect(granted(again)).toBe(granted(before) + 100_000_000n)
    expect((again['funding'] as Json)['escrow']).toBe((before['funding'] as Json)['escrow'])

    const usage = await json(keys, ['usage', '--group-by', 'key'])
    expect(usage['items']).toEqual([expect.objectContaining({ key_id: id, jobs: 1, completed: 1 })])
    expect(await printed(keys, ['usage'])).toMatch(/^DAY +JOBS +DONE/)
    expect(await printed(keys, ['list'])).toMatch(new RegExp(`^${id} +notebook +active`, 'm'))
  })

  test('a second key is granted out of the first one’s escrow', async () => {
    const { funding } = await json(keys, ['show', id])
    const escrow = String((funding as Json)['escrow'])
    const { key } = await json(keys, ['create', 'second'])
    const second = String((key as Json)['key_id'])
    const funded = await json(keys, ['fund', second, '--amount', '1', '--escrow', escrow, '--yes'])
    expect(funded).toMatchObject({ state: 'active', funding: { escrow } })
  })

  test('its secret is replaced, and it ends', async () => {
    const rotated = await json(keys, ['rotate', id, '--grace', '0'])
    expect(rotated['secret']).not.toBe(secret)
    const old = await call(site, '/v1/jobs', { key: secret, body: { payload } })
    expectFailure(old, 401, 'KEY_ROTATED')
    expect(await json(keys, ['revoke', id])).toMatchObject({ state: 'revoked' })
    const fund = printed(keys, ['fund', id, '--amount', '1', '--yes'])
    await expect(fund).rejects.toMatchObject({ code: 'KEY_REVOKED', exitCode: 5 })
  })

  test('what cannot be is refused before anything is signed', async () => {
    await expect(printed(keys, ['create', 'x', '--scopes', 'all'])).rejects.toMatchObject({
      code: 'USAGE',
    })
    await expect(printed(keys, ['show', 'key_0000000000000000'])).rejects.toMatchObject({
      code: 'KEY_NOT_FOUND',
      exitCode: 4,
    })
    const { key } = await json(keys, ['create', 'machine', '--scopes', 'miner'])
    const fund = printed(keys, ['fund', String((key as Json)['key_id']), '--amount', '1', '--yes'])
    await expect(fund).rejects.toMatchObject({ code: 'KEY_NOT_FUNDABLE' })
    const stranger = printed(keys, ['list', '--wallet', 'nobody'])
    await expect(stranger).rejects.toMatchObject({ name: 'ClientFault' })
  })
})

describe('admin', () => {
  const keyed = () => {
    const [key] = JSON.parse(String(site.vars['ADMIN_API_KEYS'])) as string[]
    return { ADMIN_API_KEY: String(key) }
  }

  test('everything is read, as tables with heads and as JSON', async () => {
    const heads: Readonly<Record<string, RegExp>> = {
      stats: /^total_jobs +1$/m,
      status: /^miners\.online +1$/m,
      health: /^conservation +yes/m,
      config: /^ADMIN_ADDRESSES +yes/m,
      analytics: /^\d{4}-\d\d-\d\d +1 /m,
      jobs: /COMPLETED/,
      miners: new RegExp(`^${miner.id} +ONLINE +active`, 'm'),
      users: /^ACCOUNT +ROLE/,
      keys: /notebook +revoked/,
      payments: /^JOB +STATE/,
      held: /^\(none\)$/m,
      'audit-log': /^AT +WHO/,
    }
    for (const [command, pattern] of Object.entries(heads)) {
      expect(await printed(admin, [command], keyed()), command).toMatch(pattern)
      expect(await json(admin, [command], keyed()), command).toBeTypeOf('object')
    }
    const { items } = await json(admin, ['jobs', '--status', 'completed'])
    const [job] = items as Json[]
    expect(await printed(admin, ['job-details', String(job?.['job_id'])])).toMatch(
      /^limit +\S+ AITBC$/m,
    )
  })

  test('a wallet says why, a program with a key may; both stand in the audit log', async () => {
    const silent = printed(admin, ['deactivate-miner', miner.id])
    await expect(silent).rejects.toMatchObject({ code: 'REASON_REQUIRED', exitCode: 2 })
    const drained = await json(admin, ['deactivate-miner', miner.id, '--reason', 'a look'])
    expect(drained).toMatchObject({ standing: 'draining', standing_reason: 'a look' })
    expect(await json(admin, ['activate-miner', miner.id], keyed())).toMatchObject({
      standing: 'active',
    })
    expect(await json(admin, ['maintenance', 'cleanup'], keyed())).toMatchObject({ done: true })
    expect(await json(admin, ['execute', 'wake'], keyed())).toMatchObject({ action: 'wake' })
    await expect(printed(admin, ['maintenance', 'backup'], keyed())).rejects.toMatchObject({
      code: 'NOT_BUILT',
    })
    const { items } = await json(admin, ['audit-log', '--limit', '10'])
    const acts = (items as Json[]).map(({ actor, action, reason }) => [
      String(actor).split(':')[0],
      action,
      reason,
    ])
    expect(acts).toContainEqual(['account', 'miner.drain', 'a look'])
    expect(acts).toContainEqual(['key', 'miner.activate', ''])
  })

  test('acts on jobs, held results and keys reach their routes', async () => {
    const none = '0'.repeat(32)
    const acts: readonly (readonly [string, string])[] = [
      ['delete-job', 'JOB_NOT_FOUND'],
      ['prioritize-job', 'JOB_NOT_FOUND'],
      ['release-held', 'HELD_NOT_FOUND'],
      ['refuse-held', 'HELD_NOT_FOUND'],
    ]
    for (const [command, code] of acts) {
      const run = printed(admin, [command, none, '--reason', 'a try'])
      await expect(run, command).rejects.toMatchObject({ code, exitCode: 4 })
    }
    const { items } = await json(keys, ['list'])
    const live = (items as Json[]).find(({ name }) => name === 'second')
    const act = ['revoke-key', String(live?.['key_id']), '--reason', 'a try']
    expect(await json(admin, act)).toMatchObject({ state: 'revoked' })
  })
})

describe('miner', () => {
  test('an agent finds what everybody may know of it', async () => {
    const named = ['--miner-id', miner.id]
    expect(await printed(mining, ['status', ...named])).toMatch(/^state +ready$/m)
    expect(await json(mining, ['why', ...named])).toMatchObject({ miner_id: miner.id })
    expect(await json(mining, ['held', '--open', ...named])).toMatchObject({ items: [] })
    expect(await printed(mining, ['reputation', ...named])).toMatch(/^score +\d/m)
    expect(await printed(mining, ['earnings', ...named])).toMatch(/^earned +\S+ AITBC$/m)
    expect(await printed(mining, ['jobs', ...named])).toMatch(/^JOB +AT/)
  })

  test('a miner with a key finds its own affairs', async () => {
    const [key] = JSON.parse(String(site.vars['MINER_API_KEYS'])) as string[]
    const keyed = { MINER_API_KEY: String(key) }
    const { miner_id: id } = await json(mining, ['earnings'], keyed)
    expect(id).toMatch(/^miner_/)
    expect(await printed(mining, ['earnings'], keyed)).toMatch(/^earned +0 AITBC$/m)
    expect(await json(mining, ['jobs'], keyed)).toMatchObject({ miner_id: id, items: [] })
    await expect(printed(mining, ['status'])).rejects.toMatchObject({ code: 'USAGE' })
  })
})
