/** `/rpc`: the original's two import routes. Only blocks signed by an authority of this chain are taken. */
import { Hono } from 'hono'
import type { ChainNodeService } from '../../core/api/chain-reads.ts'
import {
  formFault,
  type ImportResultRequest,
  isDescribedBy,
  readPostedBlock,
  sameHash,
} from '../../core/api/rpc-import.ts'
import { fromHex, toHex, toHex0x } from '../../core/base/bytes.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { errorResponse } from '../gateway/errors.ts'
import { type Asked, mount } from './mount.ts'
import { originalReaders } from './rpc-input.ts'

export const rpcImportRoutes = mount(
  new Hono<AppEnv>(),
  {
    importBlockOrFail: importBlock,
    importBlock: async (c, asked) => {
      const body = await asked.body(c)
      const { reason, depth } = await importWithReason(c, body)
      return c.json({
        accepted: depth !== undefined,
        height: typeof body.height === 'number' ? body.height : null,
        hash: typeof body.hash === 'string' ? body.hash.slice(0, 200) : null,
        reason,
        reorged: (depth ?? 0) > 0,
        reorg_depth: depth ?? 0,
      })
    },
  },
  originalReaders,
)

/** Form, height, parent, hash, then the block itself: the original's order. */
async function importBlock(c: AppContext, asked: Asked<'importBlockOrFail'>): Promise<Response> {
  const zero = await heightFault(c)
  if (zero) return zero
  const body = await asked.body(c)
  const node = chainNodeOf(c.env)
  const { height } = body
  const there = await node.block(height)
  if (there) {
    if (sameHash(body.hash, there.hash)) {
      return c.json({ status: 'exists', height, hash: toHex0x(there.hash) })
    }
    const message = `Block at height ${height} already exists with different hash`
    throw new ApiFailure({ code: 'BLOCK_EXISTS', message })
  }
  if (!(await blockOf(node, body.parent_hash))) throw new ApiFailure({ code: 'PARENT_NOT_FOUND' })
  const posted = readPostedBlock(body.block)
  if (!posted) throw new ApiFailure({ code: 'BLOCK_UNSIGNED' })
  if (!isDescribedBy(posted, body)) {
    const message = `Invalid block hash. Expected: ${toHex0x(posted.hash)}, Got: ${body.hash}`
    throw new ApiFailure({ code: 'BLOCK_HASH_INVALID', message })
  }
  const verdict = await node.importBlock(posted.bytes)
  if (!verdict.ok) {
    const message = `${verdict.code}: ${verdict.message}`
    throw new ApiFailure({ code: 'BLOCK_REFUSED', message, details: { reason: verdict.code } })
  }
  const count = posted.block.transactions.length
  return c.json({ status: 'imported', height, hash: toHex0x(posted.hash), tx_count: count })
}

/** The original's programs look for the fault of a height in a list under `detail`. */
async function heightFault(c: AppContext): Promise<Response | undefined> {
  const text = await c.req.text()
  let height: unknown
  try {
    height = (JSON.parse(text) as { height?: unknown } | null)?.height
  } catch {
    return undefined
  }
  if (typeof height !== 'number' || !Number.isInteger(height) || height > 0) return undefined
  const fault = { field: 'body.height', message: 'must be greater than 0', code: 'too_small' }
  const failure = errorResponse(c.get('requestId'), { code: 'VALIDATION_ERROR', details: [fault] })
  const detail = [
    { type: 'greater_than', loc: ['body', 'height'], msg: 'greater_than: must be above 0' },
  ]
  return Response.json({ ...((await failure.json()) as object), detail }, { status: 422 })
}

/** The other variant answers 200 in any case and says why. `depth`: taken, and how deep it went. */
async function importWithReason(
  c: AppContext,
  body: ImportResultRequest,
): Promise<{ readonly reason: string; readonly depth?: number }> {
  const node = chainNodeOf(c.env)
  const status = await node.status()
  const trusted = status.authorities.map(({ publicKey }) => toHex(publicKey))
  const fault = formFault(body, trusted)
  if (fault) return { reason: fault }
  const [hash, parentHash] = [String(body.hash), String(body.parent_hash)]
  const height = Number(body.height)
  const ours = status.head.height
  if (await blockOf(node, hash)) return { reason: 'Block already exists' }
  const isNext = height === ours + 1
  if (isNext && (await blockOf(node, parentHash))) {
    return append(node, body, { height, hash, parent_hash: parentHash })
  }
  if (height <= ours) {
    const there = await node.block(Math.max(0, height))
    if (!there || sameHash(hash, there.hash)) return { reason: `Stale block (our height: ${ours})` }
    return { reason: `Fork rejected: our chain is longer or equal (${ours} >= ${height})` }
  }
  if (height > ours + 1) {
    return { reason: `Gap detected (our height: ${ours}, received: ${height})` }
  }
  return { reason: 'Unhandled import case' }
}

async function append(
  node: ChainNodeService,
  body: ImportResultRequest,
  given: { readonly height: number; readonly hash: string; readonly parent_hash: string },
): Promise<{ readonly reason: string; readonly depth?: number }> {
  const posted = readPostedBlock(body.block)
  if (!posted) return { reason: 'Block is not signed: send its canonical bytes in "block"' }
  if (!isDescribedBy(posted, given)) {
    return { reason: `Invalid block hash. Expected: ${toHex0x(posted.hash)}, Got: ${given.hash}` }
  }
  const verdict = await node.importBlock(posted.bytes)
  return verdict.ok
    ? { reason: 'Appended to chain', depth: verdict.deserted }
    : { reason: `${verdict.code}: ${verdict.message}` }
}

async function blockOf(node: ChainNodeService, text: string) {
  const hash = fromHex(text, 32)
  return hash.ok ? node.block(hash.value) : undefined
}
