import { expect, test } from 'vitest'
import { auditState } from '../../../core/chain/audit.ts'
import {
  authoritySetHash,
  genesisHash,
  genesisToJson,
  parseGenesis,
} from '../../../core/chain/genesis.ts'
import { createGenesisBlock, genesisSupply } from '../../../core/chain/genesis-block.ts'
import { alice, createGenesis, genesis } from '../../support/chain-world.ts'

const json = genesisToJson(genesis)

test('GENESIS-1: goes to JSON and back with the same hash', () => {
  const parsed = parseGenesis(JSON.parse(JSON.stringify(json)))
  expect(parsed).toEqual({ ok: true, value: genesis })
  if (parsed.ok) expect(genesisHash(parsed.value)).toEqual(genesisHash(genesis))
})

test('GENESIS-2: the hash names everything in it', () => {
  const hashes = [
    genesis,
    createGenesis({ chainId: 'other' }),
    createGenesis({ genesisTimeMs: 0n }),
    createGenesis({ accounts: [] }),
    createGenesis({ faucets: [] }),
    createGenesis({ parameters: { ...genesis.parameters, baseFee: 101n } }),
  ].map((one) => Buffer.from(genesisHash(one)).toString('hex'))
  expect(new Set(hashes).size).toBe(hashes.length)
})

test('GENESIS-3: faults are refused and named', () => {
  const p = json.parameters
  const account = json.accounts[0]
  const authority = json.authorities[0]
  if (!account || !authority) throw new Error('genesis')
  const cases: [string, unknown][] = [
    ['chain_id', { ...json, chain_id: 'No Spaces' }],
    ['version', { ...json, version: 2 }],
    ['extra', { ...json, extra: 1 }],
    ['genesis_time_ms', { ...json, genesis_time_ms: 1_700_000_000_001 }],
    ['base_fee', { ...json, parameters: { ...p, base_fee: '0' } }],
    ['base_fee', { ...json, parameters: { ...p, base_fee: '-1' } }],
    ['close_notice_slots', { ...json, parameters: { ...p, close_notice_slots: 39 } }],
    ['heartbeat_slots', { ...json, parameters: { ...p, heartbeat_slots: 0 } }],
    ['authorities', { ...json, authorities: [] }],
    ['usable', { ...json, authorities: [{ ...authority, public_key: '00'.repeat(32) }] }],
    ['twice', { ...json, authorities: [authority, authority] }],
    ['twice', { ...json, accounts: [account, account] }],
    ['accounts', { ...json, accounts: [{ ...account, address: `aitbc1${'0'.repeat(40)}` }] }],
    ['2^53', { ...json, accounts: [{ ...account, balance: '9007199254740992' }] }],
    ['', null],
    ['', 'text'],
  ]
  for (const [word, bad] of cases) {
    const parsed = parseGenesis(bad)
    expect(parsed).toMatchObject({ ok: false, error: { code: 'GENESIS_INVALID' } })
    if (!parsed.ok) expect(parsed.error.message).toContain(word)
  }
})

test('GENESIS-4: its block holds all accounts and parameters, and nobody has signed it', () => {
  const { header, update } = createGenesisBlock(genesis)
  expect(header).toMatchObject({
    height: 0n,
    slot: 0n,
    parent: genesisHash(genesis),
    proposer: new Uint8Array(32),
    authorities: authoritySetHash(genesis.authorities),
  })
  const nodes = new Map(update.written.map(({ id, node }) => [id, node]))
  const read = (id: number) => {
    const node = nodes.get(id)
    if (!node) throw new Error('no node')
    return node
  }
  expect(auditState(read, update.root)).toEqual({
    accounts: 3,
    escrows: 0,
    entries: 4,
    balances: genesisSupply(genesis),
    escrowed: 0n,
  })
  expect(genesis.accounts.some(({ address }) => address === alice.address)).toBe(true)
})
