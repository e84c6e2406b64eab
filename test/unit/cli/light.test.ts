/** What the client and the miner remember of a chain, and whom they leave for it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ClientFault } from '../../../cli/exit-codes.ts'
import { openLight } from '../../../cli/light.ts'
import { createSiteClient } from '../../../cli/site-client.ts'
import { parseVerifyOptions } from '../../../cli/verify-command.ts'
import { lightAnswerToJson, lightUpdateToJson } from '../../../core/api/light-json.ts'
import { formatCheckpoint, parseCheckpoint } from '../../../core/api/light-memory.ts'
import { toHex } from '../../../core/base/bytes.ts'
import type { Engine } from '../../../core/chain/engine-api.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import type { Checkpoint } from '../../../core/chain/light.ts'
import type { LightSubject } from '../../../core/chain/light-fact.ts'
import { transactionHash } from '../../../core/chain/transaction.ts'
import { parseAddress } from '../../../core/crypto/address.ts'
import { createChainClient } from '../../../miner-agent/chain-client.ts'
import { openLight as openAgentLight } from '../../../miner-agent/light.ts'
import {
  alice,
  carol,
  genesis,
  mustOpen,
  sign,
  timeOf,
  transfer,
  nodeVerifier as verifier,
} from '../../support/chain-world.ts'
import { lightGenesis, openLightWorld, setEnds } from '../../support/light-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'
import { answerJson, type ScriptedSite, startScriptedSite } from './scripted-site.ts'

/** Which chain the site shows: a test changes it. */
let shown: Engine
let site: ScriptedSite
let home: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'light-'))
  site = await startScriptedSite((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://site')
    const from = Number(searchParams.get('from'))
    if (pathname === '/rpc/light') {
      answerJson(response, lightUpdateToJson(shown.lightUpdate(from)))
      return
    }
    const [, kind, name = ''] = /^\/rpc\/light\/proof\/(\w+)\/(\w+)$/.exec(pathname) ?? []
    const address = parseAddress(name)
    const hash = Uint8Array.from(Buffer.from(name, 'hex'))
    const answer =
      kind === 'account' && address.ok
        ? shown.lightProof({ kind, address: address.value }, from)
        : shown.lightProof({ kind: 'transaction', hash }, from)
    if ('code' in answer) answerJson(response, { error: { ...answer, status: 404 } }, 404)
    else answerJson(response, lightAnswerToJson(answer))
  })
})
afterAll(async () => {
  await site.close()
  rmSync(home, { recursive: true })
})

const client = (of = genesis, folder = home, checkpoint?: Checkpoint) => {
  const open = createSiteClient(site.url, new AbortController().signal)
  return openLight({ home: folder, genesis: of, site: open, verifier, checkpoint })
}
const faultOf = async (act: Promise<unknown>): Promise<string> =>
  await act.then(
    () => 'verified',
    (error: unknown) =>
      error instanceof ClientFault ? `${error.exitCode} ${error.code}` : String(error),
  )

/** A chain of blocks in these slots, all by the one authority of the genesis. */
function chainOf(slots: readonly number[]): Engine {
  const engine = mustOpen({ store: createMemoryChainStore() })
  for (const [index, slot] of slots.entries()) {
    const message = transfer(carol.address, 5n)
    engine.submit([sign({ by: alice, nonce: BigInt(index), message })], timeOf(slot))
    engine.tick(timeOf(slot))
  }
  return engine
}
const account: LightSubject = { kind: 'account', address: carol.address }

describe('a chain that is remembered', () => {
  const path = () => join(home, 'chains', `${toHex(genesisHash(genesis))}.json`)

  test('LIGHT-13: the newest verified block is kept, and the next program begins there', async () => {
    shown = chainOf([1, 2, 3])
    expect(await client().check(account)).toMatchObject({
      fact: { kind: 'account', account: { balance: 15n } },
      state: { head: { height: 3 } },
    })
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toMatchObject({ chain_id: 'test', height: 3 })
    const before = site.targets.length
    await client().follow()
    expect(site.targets.slice(before)).toEqual(['GET /rpc/light?from=3'])
  })

  test('LIGHT-13: a site that is behind is no proof of anything; it may come up again', async () => {
    const before = readFileSync(path(), 'utf8')
    shown = chainOf([1, 2])
    expect(await faultOf(client().check(account))).toBe('8 HEAD_OLDER')
    shown = chainOf([])
    expect(await faultOf(client().follow())).toBe('8 HEAD_OLDER')
    expect(readFileSync(path(), 'utf8')).toBe(before)
  })

  test('LIGHT-13: a site on another branch is left, whatever its authorities sign', async () => {
    shown = chainOf([1, 2, 4])
    expect(await faultOf(client().follow())).toBe('5 HEAD_FORKED')
    shown = chainOf([1, 2, 4, 5])
    expect(await faultOf(client().check(account))).toBe('5 NOT_EXTENDED')
    const agent = openAgentLight({ home, chain: createChainClient(site.url), verifier })
    expect(await agent.follow(genesis)).toMatchObject({ error: { code: 'NOT_EXTENDED' } })
    expect(await agent.check(genesis, account)).toMatchObject({ error: { code: 'NOT_EXTENDED' } })
  })

  test('LIGHT-13: client and miner keep one memory', async () => {
    shown = chainOf([1, 2, 3, 7])
    const agent = openAgentLight({ home, chain: createChainClient(site.url), verifier })
    expect(await agent.follow(genesis)).toMatchObject({ value: { head: { height: 4 } } })
    shown = chainOf([1, 2, 3])
    expect(await faultOf(client().follow())).toBe('8 HEAD_OLDER')
  })

  test('LIGHT-13: a damaged memory is said to be so, and is not written over', async () => {
    shown = chainOf([1, 2, 3, 7, 8])
    writeFileSync(path(), '{"version":1')
    expect(await faultOf(client().follow())).toBe('1 STATE_DAMAGED')
    expect(readFileSync(path(), 'utf8')).toBe('{"version":1')
    rmSync(path())
    expect(await faultOf(client().follow())).toBe('verified')
  })
})

describe('a checkpoint', () => {
  test('LIGHT-2: begins where it says, with the authorities that anybody may name', async () => {
    shown = openLightWorld().engine
    const whole = await client(lightGenesis).follow()
    const text = formatCheckpoint(whole)
    const read = parseCheckpoint(text)
    if (!read.ok) throw new Error(read.error.message)
    const folder = join(home, 'checkpoint')
    const before = site.targets.length
    const { state } = await client(lightGenesis, folder, read.value).check(account)
    expect(state).toMatchObject({ head: { height: 14 }, since: 14, authorities: whole.authorities })
    // From the beginning for the set alone; nothing else of it is used.
    expect(site.targets[before]).toBe('GET /rpc/light?from=0')
    const unknown = { ...read.value, authorities: new Uint8Array(32) }
    const other = client(lightGenesis, join(home, 'unknown'), unknown)
    expect(await faultOf(other.check(account))).toBe('4 AUTHORITIES_UNKNOWN')
    expect(setEnds[1]).toBeLessThan(state.since)
    expect(existsSync(join(home, 'unknown'))).toBe(false)
  })

  test.each(['', '1:2:3:4', `1:1:${'0'.repeat(64)}`, `-1:1:${'0'.repeat(64)}:${'0'.repeat(64)}`])(
    'LIGHT-2: %j is none',
    (text) => {
      expect(parseCheckpoint(text).ok).toBe(false)
    },
  )
})

describe('client verify', () => {
  const hash = `0x${toHex(transactionHash(new Uint8Array(1)))}`

  test('checks one thing', () => {
    expect(parseVerifyOptions(['--transaction', hash])).toMatchObject({
      value: {
        subject: { kind: 'transaction' },
        output: 'text',
        api: new URL('http://127.0.0.1:18000'),
      },
    })
    expect(parseVerifyOptions(['--receipt', hash, '--output', 'json'])).toMatchObject({
      value: { subject: { kind: 'receipt' }, output: 'json' },
    })
  })

  test.each([
    [[], 'give one of'],
    [['--transaction', hash, '--escrow', hash], 'give one of'],
    [['--transaction', '12'], '--transaction:'],
    [['--balance', 'me'], '--balance:'],
    [['--unsent', 'xy'], '--unsent:'],
    [['--transaction', hash, '--api', 'http://example.com'], 'unencrypted'],
    [['--transaction', hash, '--checkpoint', '5'], '--checkpoint:'],
    [['--nonsense'], 'unknown option'],
  ])('refuses %j', (argv, reason) => {
    const parsed = parseVerifyOptions(argv)
    expect(parsed.ok ? '' : parsed.error.message).toContain(reason)
  })
})
