/** `/rpc`: blocks. Finalized ones come from the read model, newer ones from the chain object. */
import { Hono } from 'hono'
import { chainReadLimits } from '../../core/api/chain-reads.ts'
import { rpcLimits } from '../../core/api/rpc-limits.ts'
import {
  type BlockJson,
  type BlockSummary,
  type BlockSummaryJson,
  blockSummaryToJson,
  blockToJson,
} from '../../core/api/rpc-views.ts'
import { fromHex, toHex } from '../../core/base/bytes.ts'
import { chainQueries } from '../../d1/chain-queries.ts'
import type { BlockRow } from '../../d1/chain-schema.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { finalBlocksOf } from '../final-blocks.ts'
import { type Asked, mount } from './mount.ts'
import { originalReaders, rangeFailure, readHash } from './rpc-input.ts'

export const rpcBlockRoutes = mount(
  new Hono<AppEnv>(),
  {
    getBlock: (c, asked) => block(c, asked.texts(c).at),
    listBlocks: newestBlocks,
    listBlockRange: (c, asked) => {
      const legacyB = c.req.query('start') !== undefined || c.req.query('end') !== undefined
      return legacyB ? rangeByStart(c, asked) : rangeByHeight(c, asked)
    },
  },
  originalReaders,
)

async function block(c: AppContext, text: string): Promise<Response> {
  const at = /^[0-9]{1,15}$/.test(text) ? Number(text) : readHash(text, 'block')
  const memory = finalBlocksOf(c.get('config'))
  const name = typeof at === 'number' ? at : toHex(at)
  const known = memory.whole(name)
  if (known !== undefined) return json(c, known)
  const found = await chainNodeOf(c.env).block(at)
  if (!found && typeof at === 'number') await refuseBelow(c, at)
  if (!found) throw new ApiFailure({ code: 'NOT_FOUND', message: 'block not found' })
  return json(c, memory.keepWhole(name, blockToJson(found, genesisTimeMs(c))))
}

/** A block by height or hash, as JSON of `blockToJson`; refuses when there is none. */
export async function findBlock(c: AppContext, text: string): Promise<BlockJson> {
  const at = /^[0-9]{1,15}$/.test(text) ? Number(text) : readHash(text, 'block')
  const found = await chainNodeOf(c.env).block(at)
  if (!found && typeof at === 'number') await refuseBelow(c, at)
  if (!found) throw new ApiFailure({ code: 'NOT_FOUND', message: 'block not found' })
  return blockToJson(found, genesisTimeMs(c))
}

/** Refuses a height below the first block that this site keeps. */
async function refuseBelow(c: AppContext, height: number): Promise<void> {
  const { keptFrom } = await chainNodeOf(c.env).status()
  if (height >= keptFrom) return
  const message = `this site begins at height ${keptFrom}: ask a site that keeps all blocks`
  throw new ApiFailure({ code: 'BLOCK_NOT_KEPT', message, details: { kept_from: keptFrom } })
}

async function newestBlocks(c: AppContext, asked: Asked<'listBlocks'>): Promise<Response> {
  const { limit, offset } = asked.query(c)
  const { height } = await chainNodeOf(c.env).head()
  const to = height - offset
  const blocks = to < 0 ? [] : await readBlocks(c, { from: Math.max(0, to - limit + 1), to })
  return c.json({ blocks: blocks.reverse(), total: height + 1, limit, offset })
}

type Range = Asked<'listBlockRange'>

/** Variant B: an object, blocks ascending. */
async function rangeByStart(c: AppContext, asked: Range): Promise<Response> {
  const { start, end } = asked.query(c)
  if (start === undefined || end === undefined) {
    const name = start === undefined ? 'start' : 'end'
    const details = [{ field: `query.${name}`, message: 'Field required', code: 'missing' }]
    throw new ApiFailure({ code: 'VALIDATION_ERROR', details })
  }
  if (end < start) throw rangeFailure('end must be greater than or equal to start')
  if (end - start > rpcLimits.rangeMax) throw rangeFailure('range cannot exceed 1000 blocks')
  const blocks = await readBlocks(c, { from: start, to: end })
  if (blocks[0]?.height !== start) await refuseBelow(c, start)
  return c.json({ blocks, start, end, count: blocks.length })
}

/** Variant A: a bare array. */
async function rangeByHeight(c: AppContext, asked: Range): Promise<Response> {
  const query = asked.query(c)
  const { start_height: start = 0, end_height: end = 100, limit } = query
  const to = Math.min(end, start + limit - 1)
  const blocks = to < start ? [] : await readBlocks(c, { from: start, to })
  if (to >= start && blocks[0]?.height !== start) await refuseBelow(c, start)
  return c.json(blocks)
}

/** Blocks of a range of heights, ascending; heights beyond the head, or not kept, are left out. */
export async function readBlocks(
  c: AppContext,
  range: { readonly from: number; readonly to: number },
): Promise<BlockSummaryJson[]> {
  const timeMs = genesisTimeMs(c)
  const memory = finalBlocksOf(c.get('config'))
  const blocks = memory.run(range)
  let from = range.from + blocks.length
  if (from > range.to) return blocks
  const indexed = await chainQueries(c.env.DB)
    .blocks({ from, to: range.to })
    .catch(() => [])
  const node = chainNodeOf(c.env)
  const first = indexed[0]?.height ?? from
  if (first > from) {
    // The read model begins within the range; the chain may begin a block earlier.
    from = Math.max(from, first - chainReadLimits.blocksMax)
    const lower = await node.blocks({ from, to: first - 1 })
    blocks.push(...lower.map((summary) => blockSummaryToJson(summary, timeMs)))
    from = first
  }
  blocks.push(...indexed.map((row) => blockSummaryToJson(summaryOfRow(row), timeMs)))
  // What the read model lacks: the newest blocks, or all of them while it is away.
  from += indexed.length
  while (from <= range.to) {
    const to = Math.min(range.to, from + chainReadLimits.blocksMax - 1)
    const more = await node.blocks({ from, to })
    blocks.push(...more.map((summary) => blockSummaryToJson(summary, timeMs)))
    if (more.length < to - from + 1) break
    from = to + 1
  }
  memory.keep(blocks)
  return blocks
}

/** What `c.json` would answer, of text that is JSON already. */
const json = (c: AppContext, text: string): Response =>
  c.body(text, 200, { 'content-type': 'application/json' })

export const genesisTimeMs = (c: AppContext): number =>
  Number(c.get('config').genesis.genesisTimeMs)

const bytesIn = (hex: string): Uint8Array => {
  const bytes = fromHex(hex)
  if (!bytes.ok) throw new Error('invariant broken: the read model holds malformed hex')
  return bytes.value
}

const summaryOfRow = (row: BlockRow): BlockSummary => ({
  height: row.height,
  slot: row.slot,
  hash: bytesIn(row.hash),
  parent: bytesIn(row.parentHash),
  stateRoot: bytesIn(row.stateRoot),
  proposer: bytesIn(row.proposer),
  transactionCount: row.transactionCount,
  final: true,
})
