import { expect, test } from 'vitest'
import { auditState } from '../../../core/chain/audit.ts'
import {
  authoritySetHash,
  type Genesis,
  genesisCoder,
  genesisHash,
  genesisToJson,
  type MarketParameters,
  parametersCoder,
  parseGenesis,
} from '../../../core/chain/genesis.ts'
import { createGenesisBlock, genesisSupply } from '../../../core/chain/genesis-block.ts'
import { marketGenesis } from '../../support/chain-market.ts'
import { alice, createGenesis, genesis } from '../../support/chain-world.ts'

const json = genesisToJson(genesis)
const marketJson = genesisToJson(marketGenesis)
const withMarket = (change: object) => ({
  ...marketJson,
  parameters: {
    ...marketJson.parameters,
    market: { ...marketJson.parameters.market, ...change },
  },
})

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
    marketGenesis,
    ...(['burnBps', 'rewardBps', 'claimWindowSlots', 'unbondNoticeSlots'] as const).map((name) =>
      changed(name),
    ),
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
    ['version', { ...json, version: 3 }],
    ['version', { ...marketJson, version: 1 }],
    ['whole', withMarket({ burn_bps: 9_001 })],
    ['reward_bps', withMarket({ reward_bps: 10_001 })],
    ['claim_window_slots', withMarket({ claim_window_slots: 0 })],
    ['unbond_notice_slots', withMarket({ unbond_notice_slots: 39 })],
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
    bookings: 0,
    bonds: 0,
    entries: 4,
    balances: genesisSupply(genesis),
    escrowed: 0n,
    booked: 0n,
    bonded: 0n,
    held: genesisSupply(genesis),
  })
  expect(genesis.accounts.some(({ address }) => address === alice.address)).toBe(true)
})

/** The genesis with rewards, one of their parameters a little larger. */
function changed(name: keyof MarketParameters): Genesis {
  const { market } = marketGenesis.parameters
  if (!market) throw new Error('it has rewards')
  const value = market[name]
  const more = typeof value === 'bigint' ? value + 1n : value + 1
  return {
    ...marketGenesis,
    parameters: { ...marketGenesis.parameters, market: { ...market, [name]: more } },
  }
}

test('GENESIS-5: version 1 is read as it always was, version 2 with its market parameters', () => {
  const bytes = genesisCoder.encode(genesis)
  const more = genesisCoder.encode(marketGenesis)
  // Version, then all that version 1 has, then 20 bytes more.
  expect([bytes[0], more[0], more.length - bytes.length]).toEqual([1, 2, 20])
  expect(more.slice(1, bytes.length)).toEqual(bytes.slice(1))
  for (const one of [genesis, marketGenesis]) {
    expect(genesisCoder.decode(genesisCoder.encode(one))).toEqual(one)
    const again = parseGenesis(JSON.parse(JSON.stringify(genesisToJson(one))))
    expect(again).toEqual({ ok: true, value: one })
    expect(parametersCoder.decode(parametersCoder.encode(one.parameters))).toEqual(one.parameters)
  }
  expect(() => genesisCoder.encode({ ...marketGenesis, version: 1 })).toThrow('market')
  expect(() => genesisCoder.encode({ ...genesis, version: 2 })).toThrow('market')
})
