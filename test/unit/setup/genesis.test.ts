/** The genesis that set-up makes: valid, of this moment, and with every coin where it should be. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseGenesis, slotMs } from '../../../core/chain/genesis.ts'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import { freshSecrets } from '../../../scripts/setup/dev-vars.ts'
import {
  coordinatorFund,
  devnetRewards,
  ensureGenesis,
  faucetFund,
  makeGenesis,
  siteKeys,
} from '../../../scripts/setup/genesis.ts'
import { inRoot } from '../../../scripts/setup/paths.ts'
import { run } from '../../../scripts/setup/run.ts'

const nowMs = 1_790_000_001_234

test('slot 0 is the newest whole slot, and the file is valid', () => {
  const site = { name: 'site-a', ...siteKeys(freshSecrets()) }
  const json = makeGenesis({ chainId: 'aitbc-test', nowMs, sites: [site] })
  expect(json.genesis_time_ms).toBe(nowMs - (nowMs % slotMs))
  expect(parseGenesis(json).ok).toBe(true)
})

test('each site has an authority, a faucet and a funded coordinator', () => {
  const sites = ['site-a', 'site-b'].map((name) => ({ name, ...siteKeys(freshSecrets()) }))
  const follower = siteKeys(freshSecrets())
  const json = makeGenesis({
    chainId: 'aitbc-test',
    nowMs,
    sites,
    coordinators: [follower.coordinator],
  })
  const balances = new Map(json.accounts.map(({ address, balance }) => [address, BigInt(balance)]))
  const balanceOf = (key: Uint8Array) => balances.get(formatAddress(addressOf(key)))
  expect(json.authorities.map(({ name }) => name)).toEqual(['site-a', 'site-b'])
  expect(json.faucets).toEqual(sites.map((site) => formatAddress(addressOf(site.faucet))))
  for (const site of sites) {
    expect(balanceOf(site.faucet)).toBe(faucetFund)
    expect(balanceOf(site.coordinator)).toBe(coordinatorFund)
  }
  expect(balanceOf(follower.coordinator)).toBe(coordinatorFund)
  expect(balances.size).toBe(5)
})

test('rewards are asked for: then it is a genesis of version 2', () => {
  const sites = [{ name: 'site-a', ...siteKeys(freshSecrets()) }]
  const plain = makeGenesis({ chainId: 'aitbc-test', nowMs, sites })
  expect([plain.version, plain.parameters.market]).toEqual([1, undefined])
  const parameters = { market: devnetRewards }
  const json = makeGenesis({ chainId: 'aitbc-test', nowMs, sites, parameters })
  expect(json.version).toBe(2)
  const parsed = parseGenesis(json)
  expect(parsed.ok && parsed.value.parameters.market).toEqual(devnetRewards)
})

test('one key for both parts is funded once, with both sums', () => {
  const { authority } = siteKeys(freshSecrets())
  const sites = [{ name: 'site-a', authority, coordinator: authority, faucet: authority }]
  const json = makeGenesis({ chainId: 'aitbc-test', nowMs, sites })
  expect(json.accounts.map(({ balance }) => BigInt(balance))).toEqual([
    faucetFund + coordinatorFund,
  ])
})

test('an existing file is read and never replaced; a broken one is an error', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aitbc-genesis-'))
  try {
    const path = join(folder, 'genesis.json')
    const first = ensureGenesis(freshSecrets(), path)
    const bytes = readFileSync(path, 'utf8')
    const second = ensureGenesis(freshSecrets(), path)
    expect(first.made).toBe(true)
    expect(second).toEqual({ text: first.text, made: false })
    expect(readFileSync(path, 'utf8')).toBe(bytes)
    writeFileSync(path, JSON.stringify({ ...JSON.parse(bytes), version: 3 }))
    expect(() => ensureGenesis(freshSecrets(), path)).toThrow(/genesis\.json: version/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a seed that is none is named', () => {
  expect(() => siteKeys({ ...freshSecrets(), AUTHORITY_KEY: 'abc' })).toThrow(/AUTHORITY_KEY/)
})

test('a chain without faucet gives nothing away; accounts begin with what was asked', () => {
  const site = { name: 'site-a', ...siteKeys(freshSecrets()) }
  const address = new Uint8Array(20).fill(9)
  const json = makeGenesis({
    chainId: 'aitbc-test',
    nowMs,
    sites: [site],
    accounts: [{ address, balance: 5n }],
    parameters: { faucetMax: 0n },
  })
  expect(json.faucets).toEqual([])
  expect(json.accounts.map((account) => account.balance).sort()).toEqual([
    String(coordinatorFund),
    '5',
  ])
})

test('the program tells its options, refuses others, and writes nothing by either', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'aitbc-genesis-'))
  const genesis = (...args: string[]) =>
    run(process.execPath, ['--import', 'tsx', inRoot('scripts', 'genesis.ts'), ...args], {
      capture: true,
      env: { AITBC_LOCAL: folder },
    })
  const help = await genesis('--help')
  expect(help.code).toBe(0)
  for (const option of ['--chain-id', '--account', '--no-faucet', '--keys', '--force']) {
    expect(help.output).toContain(option)
  }
  const wrong = await genesis('--chainid', 'x')
  expect(wrong.code).toBe(2)
  expect(wrong.output).toMatch(/^Unknown option '--chainid'/)
  expect(wrong.output).not.toContain('at parseArgs')
  expect(readdirSync(folder)).toEqual([])
  rmSync(folder, { recursive: true })
})
