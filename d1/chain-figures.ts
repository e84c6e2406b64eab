/**
 * Figures of the chain: by hour and day of UTC, and of each miner. They grow with each batch of blocks, in
 * the same atomic write, so reading them costs what is shown and never what the chain holds.
 */
import { dayMs } from '../core/base/time.ts'
import type { ChainRows } from './chain-rows.ts'

/** Hours and days of UTC. */
export type Bucket = 'hour' | 'day'

/** Length of each, milliseconds. */
export const bucketMs = { hour: 3_600_000, day: dayMs } as const satisfies Record<Bucket, number>

/** What happened in one bucket. `start`: its first Unix millisecond; amounts are base units. */
export type StatRow = {
  readonly bucket: Bucket
  readonly start: number
  readonly blocks: number
  readonly transactions: number
  readonly fees: number
  readonly jobs: number
  readonly paid: number
  /** Different addresses that were paid, and that paid. */
  readonly miners: number
  readonly clients: number
}

/** A miner by what it was paid in final blocks. */
export type MinerRow = {
  readonly id: number
  readonly address: string
  readonly jobs: number
  readonly earned: number
  readonly clients: number
  readonly firstSlot: number
  readonly lastSlot: number
  readonly lastHeight: number
}

/** What a batch adds to one bucket; who was active is listed, since only the tables know who is new. */
export type StatGain = Omit<StatRow, 'miners' | 'clients'> & {
  readonly miners: readonly string[]
  readonly clients: readonly string[]
}

/** What a batch adds to one miner. */
export type MinerGain = Omit<MinerRow, 'id' | 'clients'> & { readonly clients: readonly string[] }

/** What these rows add to the figures. */
export function gainsOf(
  { blocks, settlements }: Pick<ChainRows, 'blocks' | 'settlements'>,
  time: { readonly genesisMs: number; readonly slotMs: number },
): { readonly stats: readonly StatGain[]; readonly miners: readonly MinerGain[] } {
  const buckets = new Map<string, Building>()
  const bucketsAt = (slot: number) =>
    (['hour', 'day'] as const).map((bucket) => {
      const atMs = time.genesisMs + slot * time.slotMs
      const start = atMs - (atMs % bucketMs[bucket])
      const known = buckets.get(`${bucket} ${start}`) ?? newBuilding(bucket, start)
      buckets.set(`${bucket} ${start}`, known)
      return known
    })
  for (const { slot, transactionCount, fees } of blocks) {
    for (const into of bucketsAt(slot)) {
      into.blocks += 1
      into.transactions += transactionCount
      into.fees += fees
    }
  }
  const miners = new Map<string, MinerBuilding>()
  for (const row of settlements) {
    for (const into of bucketsAt(row.slot)) {
      into.jobs += 1
      into.paid += row.amount
      into.miners.add(row.miner)
      into.clients.add(row.owner)
    }
    const of = miners.get(row.miner) ?? newMiner(row.miner, row.slot)
    miners.set(row.miner, of)
    of.jobs += 1
    of.earned += row.minerAmount
    of.lastSlot = row.slot
    of.lastHeight = row.height
    of.clients.add(row.owner)
  }
  return {
    stats: [...buckets.values()].map((one) => ({
      ...one,
      miners: [...one.miners],
      clients: [...one.clients],
    })),
    miners: [...miners.values()].map((one) => ({ ...one, clients: [...one.clients] })),
  }
}

/** Statements that add them. Who is new is counted before anybody is entered. */
export function figureStatements(
  db: D1Database,
  { stats, miners }: ReturnType<typeof gainsOf>,
): D1PreparedStatement[] {
  return [
    ...inPieces(db, addStats, stats),
    ...inPieces(db, addActive('miner', 'miners'), stats),
    ...inPieces(db, addActive('client', 'clients'), stats),
    ...inPieces(db, addMiners, miners),
    ...inPieces(db, addClients, miners),
  ]
}

/** Statements that count the accounts among these that the read model does not have yet. */
export const accountStatements = (
  db: D1Database,
  addresses: readonly string[],
): D1PreparedStatement[] => inPieces(db, countAccounts, addresses)

/** Bytes that one statement carries; D1 takes 2 MB in a parameter. */
const pieceChars = 500_000

/** One statement as long as the rows fit; each row is itself bounded by the size of a batch of blocks. */
function inPieces(
  db: D1Database,
  query: string,
  rows: readonly (object | string)[],
): D1PreparedStatement[] {
  const statements: D1PreparedStatement[] = []
  let piece: string[] = []
  let chars = 0
  const flush = () => {
    if (piece.length > 0) statements.push(db.prepare(query).bind(`[${piece.join(',')}]`))
    piece = []
    chars = 0
  }
  for (const row of rows) {
    const text = JSON.stringify(row)
    if (chars + text.length > pieceChars) flush()
    piece.push(text)
    chars += text.length + 1
  }
  flush()
  return statements
}

const field = (name: string) => `json_extract(j.value, '$.${name}')`

const newlyActive = (role: string, list: string) =>
  `(SELECT count(*) FROM json_each(j.value, '$.${list}') AS n WHERE NOT EXISTS ` +
  `(SELECT 1 FROM chain_active AS a WHERE a.bucket = ${field('bucket')} AND ` +
  `a.start = ${field('start')} AND a.role = '${role}' AND a.address = n.value))`

const addStats =
  'INSERT INTO chain_stats ' +
  '(bucket, start, blocks, transactions, fees, jobs, paid, miners, clients) SELECT ' +
  `${['bucket', 'start', 'blocks', 'transactions', 'fees', 'jobs', 'paid'].map(field).join(', ')}, ` +
  `${newlyActive('miner', 'miners')}, ${newlyActive('client', 'clients')} ` +
  'FROM json_each(?) AS j WHERE true ON CONFLICT (bucket, start) DO UPDATE SET ' +
  ['blocks', 'transactions', 'fees', 'jobs', 'paid', 'miners', 'clients']
    .map((name) => `${name} = ${name} + excluded.${name}`)
    .join(', ')

const addActive = (role: string, list: string) =>
  'INSERT OR IGNORE INTO chain_active (bucket, start, role, address) ' +
  `SELECT ${field('bucket')}, ${field('start')}, '${role}', n.value ` +
  `FROM json_each(?) AS j, json_each(j.value, '$.${list}') AS n WHERE true`

const addMiners =
  'INSERT INTO chain_miners ' +
  '(address, jobs, earned, first_slot, last_slot, last_height, clients) SELECT ' +
  `${['address', 'jobs', 'earned', 'firstSlot', 'lastSlot', 'lastHeight'].map(field).join(', ')}, ` +
  "(SELECT count(*) FROM json_each(j.value, '$.clients') AS n WHERE NOT EXISTS " +
  `(SELECT 1 FROM chain_miner_clients AS c WHERE c.miner = ${field('address')} ` +
  'AND c.client = n.value)) ' +
  'FROM json_each(?) AS j WHERE true ON CONFLICT (address) DO UPDATE SET ' +
  'jobs = jobs + excluded.jobs, earned = earned + excluded.earned, ' +
  'clients = clients + excluded.clients, last_slot = excluded.last_slot, ' +
  'last_height = excluded.last_height'

const addClients =
  'INSERT OR IGNORE INTO chain_miner_clients (miner, client) ' +
  `SELECT ${field('address')}, n.value ` +
  "FROM json_each(?) AS j, json_each(j.value, '$.clients') AS n WHERE true"

const countAccounts =
  'UPDATE chain_meta SET accounts = accounts + (SELECT count(*) FROM json_each(?) AS j ' +
  'WHERE NOT EXISTS (SELECT 1 FROM chain_accounts AS a WHERE a.address = j.value)) WHERE id = 1'

type Building = {
  -readonly [K in keyof Omit<StatGain, 'miners' | 'clients'>]: StatGain[K]
} & { readonly miners: Set<string>; readonly clients: Set<string> }

type MinerBuilding = { -readonly [K in keyof Omit<MinerGain, 'clients'>]: MinerGain[K] } & {
  readonly clients: Set<string>
}

const newBuilding = (bucket: Bucket, start: number): Building => ({
  bucket,
  start,
  blocks: 0,
  transactions: 0,
  fees: 0,
  jobs: 0,
  paid: 0,
  miners: new Set(),
  clients: new Set(),
})

const newMiner = (address: string, slot: number): MinerBuilding => ({
  address,
  jobs: 0,
  earned: 0,
  firstSlot: slot,
  lastSlot: slot,
  lastHeight: 0,
  clients: new Set(),
})
