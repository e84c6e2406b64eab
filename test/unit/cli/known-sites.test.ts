import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkSite as checkByClient } from '../../../cli/known-sites.ts'
import { toHex } from '../../../core/base/bytes.ts'
import { type Genesis, genesisHash } from '../../../core/chain/genesis.ts'
import { checkSite as checkByMiner } from '../../../miner-agent/known-sites.ts'
import { createGenesis } from '../../support/chain-world.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'home-'))
})
afterEach(() => rmSync(home, { recursive: true }))

const first = createGenesis()
const second = createGenesis({ genesisTimeMs: 1_700_000_002_000n })
const hashOf = (genesis: Genesis) => toHex(genesisHash(genesis))

type Question = {
  readonly genesis: Genesis
  readonly accept?: string
  readonly isLoopback?: boolean
  readonly host?: string
}
const client = ({ genesis, accept, isLoopback = false, host = 'example.com' }: Question) =>
  checkByClient({ home, host, genesis, pinned: undefined, accept, isLoopback })
const miner = ({ genesis, accept, isLoopback = false, host = 'example.com' }: Question) => {
  const chainId = genesis.chainId
  const genesisHash = hashOf(genesis)
  const check = checkByMiner({ home, host, genesisHash, chainId, accept, isLoopback })
  if (!check.ok) throw new Error(check.error.message)
  return check.value
}

describe.each([
  ['client', client],
  ['miner', miner],
])('trust of the %s', (_name, check) => {
  test('begins at the first meeting and is kept by host', () => {
    expect(check({ genesis: first })).toBe('new')
    expect(check({ genesis: first })).toBe('known')
    expect(check({ genesis: second, host: 'other.com' })).toBe('new')
    expect(check({ genesis: first })).toBe('known')
  })

  test('does not follow a site to another chain, unless told to', () => {
    check({ genesis: first })
    expect(() => check({ genesis: second })).toThrow(/--accept-genesis/)
    expect(() => check({ genesis: second, accept: hashOf(first) })).toThrow(/--accept-genesis/)
    expect(check({ genesis: first })).toBe('known')
    expect(check({ genesis: second, accept: hashOf(second) })).toBe('accepted')
    expect(check({ genesis: second })).toBe('known')
  })

  test('follows a reset on this machine', () => {
    check({ genesis: first, isLoopback: true })
    expect(check({ genesis: second, isLoopback: true })).toBe('reset')
    expect(check({ genesis: second, isLoopback: true })).toBe('known')
  })

  test('is not restarted by a damaged file', () => {
    check({ genesis: first })
    writeFileSync(join(home, 'sites.json'), '{')
    expect(() => check({ genesis: second })).toThrow(/damaged/)
  })
})

test('both programs keep one file', () => {
  client({ genesis: first })
  expect(miner({ genesis: first })).toBe('known')
  expect(JSON.parse(readFileSync(join(home, 'sites.json'), 'utf8'))).toMatchObject({
    sites: { 'example.com': { genesis_hash: hashOf(first) } },
  })
})

test('a pinned genesis goes before what is remembered', () => {
  client({ genesis: first })
  const base = { home, host: 'example.com', accept: undefined, isLoopback: false }
  expect(checkByClient({ ...base, genesis: second, pinned: second })).toBe('pinned')
  expect(() => checkByClient({ ...base, genesis: first, pinned: second })).toThrow(/--genesis/)
})
