/** Asking: what a peer has that this site lacks, taken over piece by piece. */
import { decodeCanonical } from '../../core/base/coders.ts'
import type { Result } from '../../core/base/result.ts'
import { blockCoder, headerHash } from '../../core/chain/block.ts'
import { pullAnswerBytesMax, pullPooledMax, submitBatchMax } from '../../core/chain/limits.ts'
import { applyPull, type PullRequest, pullRequest } from '../../core/chain/sync.ts'
import {
  decodeAnswer,
  encodeAsk,
  type PullAnswer,
  type Spoken,
} from '../../core/chain/sync-wire.ts'
import { judgeMessages, judgeRefusal } from './peer-answers.ts'
import { faultOf, type PeerContext } from './peer-context.ts'
import { exchange, type PeerFault } from './peer-exchange.ts'
import type { Peer } from './peer-record.ts'

/**
 * Asks a peer until it has nothing new, one request at a time: asked while one runs, another follows. Never
 * rejects; does nothing while the peer is left alone, or nothing is asked for at all.
 */
export async function pullFrom(context: PeerContext, peer: Peer): Promise<void> {
  const { parts } = context
  const { limits } = parts
  peer.again = true
  if (peer.pulling || parts.isPaused() || peer.backedOffUntilMs > parts.now()) return
  peer.pulling = true
  let waitMs = limits.pullEveryMs
  try {
    const tip: Tip = { at: undefined }
    for (let round = 0; round < limits.pullRoundsMax && peer.again; round++) {
      peer.again = false
      const done = await pullOnce(context, peer, tip)
      waitMs = done.waitMs ?? limits.pullEveryMs
      if (done.more) peer.again = true
      // Whatever else came up meanwhile waits with it.
      if (peer.failure) break
    }
  } catch (error) {
    // This site's own fault, and no reason to leave the peer alone.
    parts.log({ msg: 'pull failed', peer: peer.url, error: String(error) })
  } finally {
    peer.pulling = false
    peer.again = false
    // After a failure the wait is that of the failure.
    const nextMs = parts.now() + waitMs
    peer.nextPullMs = peer.failure ? peer.backedOffUntilMs : nextMs
    parts.onChange()
  }
}

/** Where the next request begins, beside this site's own chain. */
type Tip = { at: { readonly height: number; readonly hash: Uint8Array } | undefined }

/** `more`: worth asking again at once. `waitMs`: when else, if not at the usual time. */
type Pulled = { readonly more: boolean; readonly waitMs?: number }

async function pullOnce(context: PeerContext, peer: Peer, tip: Tip): Promise<Pulled> {
  const own = pullRequest(context.parts.engine())
  const answer = await ask(context, peer, { own, tip })
  if (!answer.ok) {
    context.fail(peer, answer.error)
    return { more: false }
  }
  const { hello, body } = answer.value
  const { head, finalHeight, finalHash, atFinal } = body
  context.noteSeen(peer, hello, { ...head, finalHeight, finalHash })
  peer.atFinal = atFinal && { height: own.finalHeight, hash: atFinal }
  const { fault, ...taken } = await takeOver(context, body, tip)
  if (fault) context.fail(peer, fault)
  else context.succeed(peer)
  return taken
}

async function ask(
  { parts, genesisHash, hello }: PeerContext,
  peer: Peer,
  { own, tip }: { readonly own: PullRequest; readonly tip: Tip },
): Promise<Result<Spoken<PullAnswer>, PeerFault>> {
  const locator = tip.at ? [tip.at, ...own.locator] : own.locator
  const pool = parts.engine().pool(pullPooledMax)
  const answer = await exchange({
    fetch: parts.fetch,
    url: `${peer.url}/rpc/sync/pull`,
    body: encodeAsk(hello(), { ...own, locator, pooled: pool.map(({ hash }) => hash) }),
    bytesMax: pullAnswerBytesMax,
    timeoutMs: parts.limits.pullTimeoutMs,
  })
  if (!answer.ok) return answer
  const read = decodeAnswer(answer.value, genesisHash)
  return read.ok ? read : { ok: false, error: faultOf(read.error) }
}

/** Takes an answer over in pieces, so that others get a turn between them. */
async function takeOver(
  { parts, lacks }: PeerContext,
  answer: PullAnswer,
  tip: Tip,
): Promise<Pulled & { readonly fault?: PeerFault }> {
  const apply = (blocks: readonly Uint8Array[], rest: Partial<PullAnswer>) =>
    parts.take((engine, nowMs) => {
      const value = applyPull(engine, { ...answer, ...rest, blocks }, nowMs)
      return { steps: value.steps, value: value.refused }
    })
  const last = placeOf(answer.blocks.at(-1))
  const isNews = last !== undefined && lacks(last.hash)
  for (const blocks of slicesOf(answer.blocks, parts.limits)) {
    const [refused] = apply(blocks, { certificate: undefined, messages: [] })
    const judged = judgeRefusal(refused, blocks, {
      genesisTimeMs: Number(parts.genesis.genesisTimeMs),
      nowMs: parts.now(),
      earlyMsMax: parts.limits.earlyMsMax,
    })
    if (judged) return { more: false, ...judged }
    await turn()
  }
  const fault = judgeMessages(apply([], {}))
  if (fault) return { more: false, fault }
  for (let at = 0; at < answer.transactions.length; at += submitBatchMax) {
    parts.submit(answer.transactions.slice(at, at + submitBatchMax))
  }
  // Its blocks may be a branch beside the head: the next request begins where this answer ended.
  if (last && !lacks(last.hash)) tip.at = last
  return { more: isNews && lacks(answer.head.hash) }
}

const turn = (): Promise<void> => new Promise((go) => setTimeout(go, 0))

function* slicesOf(
  blocks: readonly Uint8Array[],
  limits: { readonly sliceBlocksMax: number; readonly sliceBytesMax: number },
): Generator<readonly Uint8Array[]> {
  let slice: Uint8Array[] = []
  let bytes = 0
  for (const block of blocks) {
    slice.push(block)
    bytes += block.length
    if (slice.length < limits.sliceBlocksMax && bytes < limits.sliceBytesMax) continue
    yield slice
    slice = []
    bytes = 0
  }
  if (slice.length > 0) yield slice
}

/** Height, slot and hash of a block in canonical bytes; undefined where they are none. */
export function placeOf(
  bytes: Uint8Array | undefined,
): { readonly height: number; readonly slot: number; readonly hash: Uint8Array } | undefined {
  const read = bytes && decodeCanonical(blockCoder, bytes)
  if (!read?.ok) return undefined
  const { header } = read.value.signedHeader
  return { height: Number(header.height), slot: Number(header.slot), hash: headerHash(header) }
}
