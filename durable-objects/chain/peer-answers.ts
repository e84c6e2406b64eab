/** Judging what came in an answer: what is a peer's fault, and what is only a matter of time. */
import { toHex } from '../../core/base/bytes.ts'
import { decodeCanonical } from '../../core/base/coders.ts'
import { blockCoder } from '../../core/chain/block.ts'
import type { Engine, ImportError, MessageError } from '../../core/chain/engine-api.ts'
import { slotMs } from '../../core/chain/genesis.ts'
import {
  pullPooledMax,
  pullTransactionBytesMax,
  pullTransactionsMax,
} from '../../core/chain/limits.ts'
import type { PeerFault } from './peer-exchange.ts'

type Refused = ImportError | MessageError

/** What another answer will make good, or what has become pointless. */
const isOfTheMoment = ({ code }: Refused): boolean =>
  code === 'BEHIND_FINAL' || code === 'PARENT_UNKNOWN' || code === 'PARENT_NOT_FINAL'

/**
 * What to make of the first block that was refused among some in a row. One whose slot has not begun here
 * is asked for again then; one whose place finality has taken meanwhile, or whose parent is gone with a
 * branch that lost, is nobody's fault. Undefined: go on.
 */
export function judgeRefusal(
  refused: Refused | undefined,
  blocks: readonly Uint8Array[],
  clock: {
    readonly genesisTimeMs: number
    readonly nowMs: number
    readonly earlyMsMax: number
  },
): { readonly fault?: PeerFault; readonly waitMs?: number } | undefined {
  if (!refused) return undefined
  if (isOfTheMoment(refused)) return {}
  if (refused.code === 'BLOCK_EARLY') {
    const waits = blocks
      .map((bytes) => clock.genesisTimeMs + slotIn(bytes) * slotMs - clock.nowMs)
      .filter((waitMs) => waitMs > 0)
    const waitMs = Math.min(...waits)
    // Not finite: its slot has begun while this was looked at.
    if (!Number.isFinite(waitMs)) return { waitMs: 0 }
    if (waitMs <= clock.earlyMsMax) return { waitMs }
  }
  const message = `${refused.code}: ${refused.message}`
  return { fault: { code: 'BLOCK_REFUSED', message } }
}

/** What of refused votes, commits and certificates is the sender's fault: late and early ones are not. */
export function judgeMessages(refused: readonly Refused[]): PeerFault | undefined {
  const first = refused.find((each) => !isOfTheMoment(each) && each.code !== 'MESSAGE_EARLY')
  if (!first) return undefined
  const code = first.code === 'CERTIFICATE_INVALID' ? 'CERTIFICATE_REFUSED' : 'MESSAGE_REFUSED'
  return { code, message: `${first.code}: ${first.message}` }
}

/** Waiting transactions that the asker did not name, best fee first, as many as an answer holds. */
export function freshPooled(engine: Engine, known: readonly Uint8Array[]): Uint8Array[] {
  const names = new Set(known.map(toHex))
  const fresh: Uint8Array[] = []
  let size = 0
  for (const { hash, bytes } of engine.pool(pullPooledMax)) {
    if (names.has(toHex(hash))) continue
    size += bytes.length
    if (fresh.length >= pullTransactionsMax || size > pullTransactionBytesMax) break
    fresh.push(bytes)
  }
  return fresh
}

function slotIn(bytes: Uint8Array): number {
  const read = decodeCanonical(blockCoder, bytes)
  return read.ok ? Number(read.value.signedHeader.header.slot) : 0
}
